-- +goose Up
ALTER TABLE daily_stats ADD COLUMN total_sightings BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE daily_stats DROP COLUMN total_sightings;
