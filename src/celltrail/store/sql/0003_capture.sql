-- What a cell showed, and what stood around it.

-- The text above the cell in the notebook.
ALTER TABLE runs ADD COLUMN markdown VARCHAR;

-- How the files in git differ from the commit: the address of a text in sources.
ALTER TABLE runs ADD COLUMN git_diff VARCHAR;

-- How many secrets were taken out of what was recorded.
ALTER TABLE runs ADD COLUMN redactions BIGINT;

-- Whether nobody asked for the run: it was recorded because every cell is.
ALTER TABLE runs ADD COLUMN auto BOOLEAN;

-- What the cell did with names of the notebook: JSON lists.
ALTER TABLE cell_executions ADD COLUMN reads VARCHAR;
ALTER TABLE cell_executions ADD COLUMN binds VARCHAR;
ALTER TABLE cell_executions ADD COLUMN mutated VARCHAR;
ALTER TABLE cell_executions ADD COLUMN deleted VARCHAR;

-- Outputs in their order. kind: stream, display, result, error or warning. What is stored as an
-- artifact has its address, all else its text; of a long stream that is its end. size is what it
-- was before anything was cut off.
CREATE TABLE outputs (
    run BIGINT NOT NULL, position BIGINT NOT NULL, kind VARCHAR NOT NULL, name VARCHAR,
    mime VARCHAR, text VARCHAR, sha256 VARCHAR, size BIGINT, truncated BOOLEAN, time TIMESTAMP
);

CREATE OR REPLACE VIEW v_runs AS
SELECT
    r.id, r.experiment, r.number, r.name, r.status, r.started, r.ended,
    CASE WHEN r.ended < r.started THEN 0  -- the clock was put back
        ELSE epoch_us(r.ended - r.started) / 1e6 END AS seconds, r.note,
    (SELECT list(t.tag ORDER BY t.tag) FROM tags t WHERE t.run = r.run) AS tags,
    r.kind, s.text AS source, r.source_name, r.cell_id, r.execution_count, r.notebook,
    before.id AS previous, above.id AS parent, r.error_type, r.error_message,
    r.git_commit, r.git_branch, r.git_dirty, r.cpu_seconds, r.peak_memory, r.markdown,
    coalesce(r.auto, false) AS auto, coalesce(r.redactions, 0) AS redactions
FROM runs r
LEFT JOIN sources s ON s.sha256 = r.source
LEFT JOIN runs before ON before.run = r.previous
LEFT JOIN runs above ON above.run = r.parent
WHERE r.number IS NOT NULL AND r.deleted IS NULL;

-- What runs showed.
CREATE VIEW v_outputs AS
SELECT
    r.id, r.experiment, r.number, r.name AS run_name, o.position, o.kind, o.name, o.mime, o.text,
    o.sha256, o.size, o.truncated
FROM outputs o JOIN runs r ON r.run = o.run
WHERE r.number IS NOT NULL AND r.deleted IS NULL;

-- Every cell that was executed, tracked or not.
CREATE VIEW v_cells AS
SELECT
    c.session, n.notebook, c.execution_count, c.cell_id, c.started, c.ended, c.status,
    s.text AS source, c.reads, c.binds, c.mutated, c.deleted, r.id AS run
FROM cell_executions c
LEFT JOIN sessions n ON n.id = c.session
LEFT JOIN sources s ON s.sha256 = c.source
LEFT JOIN runs r ON r.run = c.run;
