-- Adjustments of the campaign that are no longer listed one by one, upwards and downwards, in the row of its flight.
ALTER TABLE budget ADD COLUMN forgotten_up INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_up >= 0);
ALTER TABLE budget ADD COLUMN forgotten_down INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_down >= 0);

-- What goes first, and what a row that goes is referred to by: without these each deleted row reads a whole table.
CREATE INDEX campaign_day_by_day ON campaign_day (day, tenant, campaign);
CREATE INDEX campaign_day_by_day_budget ON campaign_day (day_budget);
CREATE INDEX campaign_day_by_flight_budget ON campaign_day (flight_budget);
CREATE INDEX campaign_day_by_account_budget ON campaign_day (account_budget) WHERE account_budget IS NOT NULL;
CREATE INDEX lease_by_day ON lease (campaign_day);
CREATE INDEX budget_of_account ON budget (period) WHERE scope = 2;
CREATE INDEX adjustment_by_time ON adjustment (time);
