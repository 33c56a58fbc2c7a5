-- The 80 % interval of the age as the model gave it, before it is made wider for poor shots: for the correction of shares.
ALTER TABLE visits ADD COLUMN own_low REAL;
ALTER TABLE visits ADD COLUMN own_high REAL;
