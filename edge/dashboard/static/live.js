// Keeps a page up to date: asks for its values as JSON every two seconds and writes them where the page has their keys.
"use strict";
(() => {
  const PERIOD_MS = 2000;
  const PATIENCE_MS = 10000;
  const main = document.querySelector("[data-poll]");
  const lost = document.querySelector("[data-lost]");
  let timer = 0;
  let asking = false;

  const each = (name, change) => {
    for (const element of document.querySelectorAll(`[data-${name}]`)) {
      change(element, element.getAttribute(`data-${name}`));
    }
  };

  const write = (element, text) => {
    // Unchanged text is left alone: a screen reader would announce it again.
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  };

  const fill = (body, rows) => {
    const drawn = rows.map((cells) => {
      const row = document.createElement("tr");
      cells.forEach((text, column) => {
        const cell = document.createElement(column === 0 ? "th" : "td");
        if (column === 0) cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    });
    body.replaceChildren(...drawn);
  };

  const redraw = (version) => {
    if (version === main.dataset.charts) return;
    main.dataset.charts = version;
    each("chart", (picture, address) => {
      picture.querySelector("source").srcset = `${address}?size=narrow&v=${version}`;
      picture.querySelector("img").src = `${address}?size=wide&v=${version}`;
    });
  };

  const written = {};
  const show = (page) => {
    each("text", (element, key) => write(element, page.text[key]));
    each("show", (element, key) => { element.hidden = !page.show[key]; });
    each("width", (element, key) => element.setAttribute("width", page.width[key]));
    each("level-of", (element, key) => { element.dataset.level = page.level[key] ?? ""; });
    each("rows", (body, key) => {
      const text = JSON.stringify(page.rows[key]);
      if (written[key] !== text) fill(body, page.rows[key]);
      written[key] = text;
    });
    if (page.charts) redraw(page.charts);
  };

  const ask = async () => {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(main.dataset.poll, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.status === 401) location.reload(); // the session is over: this leads to the log-in page
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show((await answer.json()).page);
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    } finally {
      asking = false;
    }
    if (!document.hidden) timer = setTimeout(ask, PERIOD_MS);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  timer = setTimeout(ask, PERIOD_MS);
})();
