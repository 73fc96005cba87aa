-- How much of a budget was used when a step about it was said, and the least that was seen used since, in whole percent of
-- the limit. A step counts anew where the use fell (a higher limit, a corrected reading). NULL: not about a budget, or not
-- looked at since.
ALTER TABLE steps ADD COLUMN used_percent INTEGER;
ALTER TABLE steps ADD COLUMN least_percent INTEGER;
