-- Which findings a list for correction has had, so that the next one holds only what is new.
ALTER TABLE finding ADD COLUMN told_us INTEGER;

-- Complaints that circulate stand there too, as far as they were seen while somebody asked:
-- systems elsewhere can be asked for a number, and not for all they have. A JSON list
-- (gateway/core/records.py: WalkSeen), NULL for a contradiction.
ALTER TABLE finding ADD COLUMN walk TEXT;
