-- A deleted run is hidden and can be restored; a purged one is gone, and its id is kept so
-- that what is still on its way to it (a spool, a copy in another store) is left out, and its
-- number so that no other run gets it.
ALTER TABLE runs ADD COLUMN deleted TIMESTAMP;

-- When the session that the run belongs to took it over; of one that was never resumed, nothing.
ALTER TABLE runs ADD COLUMN resumed TIMESTAMP;

CREATE TABLE purged (
    id VARCHAR NOT NULL, time TIMESTAMP NOT NULL, experiment VARCHAR, number BIGINT
);

-- Runs that have ended and whose points do not lie together yet, by run, metric and step, as
-- they do once they are compacted; claimed is when a process began to do that.
CREATE TABLE scattered (run BIGINT NOT NULL, claimed TIMESTAMP);

CREATE OR REPLACE VIEW v_runs AS
SELECT
    r.id, r.experiment, r.number, r.name, r.status, r.started, r.ended,
    CASE WHEN r.ended < r.started THEN 0  -- the clock was put back
        ELSE epoch_us(r.ended - r.started) / 1e6 END AS seconds, r.note,
    (SELECT list(t.tag ORDER BY t.tag) FROM tags t WHERE t.run = r.run) AS tags,
    r.kind, s.text AS source, r.source_name, r.cell_id, r.execution_count, r.notebook,
    before.id AS previous, above.id AS parent, r.error_type, r.error_message,
    r.git_commit, r.git_branch, r.git_dirty, r.cpu_seconds, r.peak_memory
FROM runs r
LEFT JOIN sources s ON s.sha256 = r.source
LEFT JOIN runs before ON before.run = r.previous
LEFT JOIN runs above ON above.run = r.parent
WHERE r.number IS NOT NULL AND r.deleted IS NULL;

CREATE OR REPLACE VIEW v_params AS
SELECT
    r.id, r.experiment, r.number, r.name, p.key,
    coalesce(p.text, p.json, CAST(p.bool AS VARCHAR),
        CASE WHEN p.kind = 'int' THEN CAST(CAST(p.number AS BIGINT) AS VARCHAR) END,
        CAST(p.number AS VARCHAR)) AS value,
    p.kind, p.number AS number_value, p.text AS text_value, p.bool AS bool_value,
    p.json AS json_value, p.reason
FROM params p JOIN runs r ON r.run = p.run
WHERE r.number IS NOT NULL AND r.deleted IS NULL;

CREATE OR REPLACE VIEW v_metrics AS
SELECT
    r.id, r.experiment, r.number, r.name, k.name AS key, s.last AS value, s.last_exact AS exact,
    s.last_step AS step, s.min, s.max,
    CASE WHEN s.count > s.nans THEN s.sum / (s.count - s.nans) END AS mean, s.count, s.nans
FROM summaries s JOIN runs r ON r.run = s.run JOIN metric_keys k ON k.key = s.key
WHERE r.number IS NOT NULL AND r.deleted IS NULL;

CREATE OR REPLACE VIEW v_history AS
SELECT
    r.id, r.experiment, r.number, r.name, k.name AS key, m.step, m.time, m.value, m.exact
FROM metrics m JOIN runs r ON r.run = m.run JOIN metric_keys k ON k.key = m.key
WHERE r.number IS NOT NULL AND r.deleted IS NULL;
