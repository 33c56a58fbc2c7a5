"""Print the visits of the last days by hour and gender, from the database of an agent, with pandas.

    pip install pandas
    python examples/store_with_pandas.py /var/lib/maitred/maitred.db [DAYS]

The database is opened read-only; the agent may be running.
"""

import sys
import time
from datetime import datetime
from pathlib import Path

import pandas

from edge.errors import MaitredError
from edge.store import Store

if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
days = float(sys.argv[2]) if len(sys.argv) == 3 else 7.0
now = time.time()
try:
    with Store.open(Path(sys.argv[1]), read_only=True) as store:
        visits = [stored.visit for stored in store.visits.between(now - 86400 * days, now)]
except MaitredError as error:
    sys.exit(str(error))
rows = [(visit.started_at, visit.dwell_s, visit.age, visit.gender or "not given") for visit in visits]
table = pandas.DataFrame(rows, columns=["start", "dwell_s", "age", "gender"])
here = datetime.now().astimezone().tzinfo
table["hour"] = pandas.to_datetime(table["start"], unit="s", utc=True).dt.tz_convert(here).dt.floor("h")
if table.empty:
    sys.exit(f"no visits in the last {days:g} days")
print(table.groupby(["hour", "gender"]).size().unstack(fill_value=0))
print(f"{len(table)} visits; median time in view {table['dwell_s'].median():.0f} s")
print(f"average apparent age {table['age'].mean():.0f}")
