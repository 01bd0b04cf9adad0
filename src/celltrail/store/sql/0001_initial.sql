-- Times are UTC with microseconds. There are no primary keys and no indexes: a merge, which
-- holds the store alone, sees to it that ids are unique, and inserts stay fast.

CREATE TABLE migrations (version INTEGER NOT NULL, applied TIMESTAMP NOT NULL);

CREATE TABLE sessions (
    id VARCHAR NOT NULL, host VARCHAR, pid BIGINT, process_started DOUBLE, boot VARCHAR,
    started TIMESTAMP, ended TIMESTAMP, kind VARCHAR, notebook VARCHAR, environment VARCHAR
);

CREATE TABLE environments (sha256 VARCHAR NOT NULL, description VARCHAR NOT NULL);

CREATE TABLE sources (sha256 VARCHAR NOT NULL, text VARCHAR NOT NULL);

-- A run that is only known by reference (its own records are not merged yet) has no number.
CREATE TABLE runs (
    run BIGINT NOT NULL, id VARCHAR NOT NULL, number BIGINT, name VARCHAR, experiment VARCHAR,
    session VARCHAR, status VARCHAR, started TIMESTAMP, ended TIMESTAMP, note VARCHAR,
    kind VARCHAR, source VARCHAR, source_name VARCHAR, cell_id VARCHAR, execution_count BIGINT,
    notebook VARCHAR, previous BIGINT, parent BIGINT, error_type VARCHAR, error_message VARCHAR,
    error_traceback VARCHAR, git_commit VARCHAR, git_branch VARCHAR, git_dirty BOOLEAN,
    environment VARCHAR, cpu_seconds DOUBLE, peak_memory BIGINT
);

-- The current params. kind: int, float, bool, text, null or json. json holds lists, mappings,
-- NaN, and integers that a DOUBLE cannot hold, in JSON that also knows NaN and Infinity.
CREATE TABLE params (
    run BIGINT NOT NULL, key VARCHAR NOT NULL, kind VARCHAR NOT NULL, number DOUBLE,
    text VARCHAR, bool BOOLEAN, json VARCHAR, reason VARCHAR, time TIMESTAMP
);

-- What params were before they were changed.
CREATE TABLE param_changes (
    run BIGINT NOT NULL, key VARCHAR NOT NULL, kind VARCHAR NOT NULL, number DOUBLE,
    text VARCHAR, bool BOOLEAN, json VARCHAR, reason VARCHAR, time TIMESTAMP
);

CREATE TABLE metric_keys (key BIGINT NOT NULL, name VARCHAR NOT NULL);

-- exact is the value of metrics that were logged as integers.
CREATE TABLE metrics (
    run BIGINT NOT NULL, key BIGINT NOT NULL, step BIGINT NOT NULL, time TIMESTAMP NOT NULL,
    value DOUBLE NOT NULL, exact BIGINT
);

-- min, max and sum are over what is not NaN; count is of all points.
CREATE TABLE summaries (
    run BIGINT NOT NULL, key BIGINT NOT NULL, last DOUBLE NOT NULL, last_exact BIGINT,
    last_step BIGINT NOT NULL, last_time TIMESTAMP NOT NULL, min DOUBLE, max DOUBLE,
    sum DOUBLE, count BIGINT NOT NULL, nans BIGINT NOT NULL
);

-- Why a metric was recorded that nobody logged; key is its name.
CREATE TABLE metric_reasons (run BIGINT NOT NULL, key VARCHAR NOT NULL, reason VARCHAR NOT NULL);

CREATE TABLE tags (run BIGINT NOT NULL, tag VARCHAR NOT NULL);

CREATE TABLE blobs (sha256 VARCHAR NOT NULL, size BIGINT NOT NULL, data BLOB NOT NULL);

CREATE TABLE artifacts (
    run BIGINT NOT NULL, name VARCHAR NOT NULL, kind VARCHAR, mime VARCHAR, step BIGINT,
    sha256 VARCHAR NOT NULL, size BIGINT NOT NULL, time TIMESTAMP
);

CREATE TABLE datasets (
    sha256 VARCHAR NOT NULL, kind VARCHAR, shape VARCHAR, schema VARCHAR, size BIGINT
);

CREATE TABLE run_datasets (run BIGINT NOT NULL, name VARCHAR NOT NULL, dataset VARCHAR NOT NULL);

CREATE TABLE cell_executions (
    session VARCHAR NOT NULL, execution_count BIGINT, cell_id VARCHAR, source VARCHAR,
    started TIMESTAMP, ended TIMESTAMP, status VARCHAR, run BIGINT
);

-- How far each spool segment is merged, in bytes.
CREATE TABLE merged (
    session VARCHAR NOT NULL, segment BIGINT NOT NULL, events BIGINT NOT NULL,
    points BIGINT NOT NULL
);

-- The views are made for people: no surrogate keys.

CREATE VIEW v_runs AS
SELECT
    r.id, r.experiment, r.number, r.name, r.status, r.started, r.ended,
    epoch_us(r.ended - r.started) / 1e6 AS seconds, r.note,
    (SELECT list(t.tag ORDER BY t.tag) FROM tags t WHERE t.run = r.run) AS tags,
    r.kind, s.text AS source, r.source_name, r.cell_id, r.execution_count, r.notebook,
    before.id AS previous, above.id AS parent, r.error_type, r.error_message,
    r.git_commit, r.git_branch, r.git_dirty, r.cpu_seconds, r.peak_memory
FROM runs r
LEFT JOIN sources s ON s.sha256 = r.source
LEFT JOIN runs before ON before.run = r.previous
LEFT JOIN runs above ON above.run = r.parent
WHERE r.number IS NOT NULL;

CREATE VIEW v_params AS
SELECT
    r.id, r.experiment, r.number, r.name, p.key,
    coalesce(p.text, p.json, CAST(p.bool AS VARCHAR),
        CASE WHEN p.kind = 'int' THEN CAST(CAST(p.number AS BIGINT) AS VARCHAR) END,
        CAST(p.number AS VARCHAR)) AS value,
    p.kind, p.number AS number_value, p.text AS text_value, p.bool AS bool_value,
    p.json AS json_value, p.reason
FROM params p JOIN runs r ON r.run = p.run
WHERE r.number IS NOT NULL;

-- One row for each metric of each run; value is the last one.
CREATE VIEW v_metrics AS
SELECT
    r.id, r.experiment, r.number, r.name, k.name AS key, s.last AS value, s.last_exact AS exact,
    s.last_step AS step, s.min, s.max,
    CASE WHEN s.count > s.nans THEN s.sum / (s.count - s.nans) END AS mean, s.count, s.nans
FROM summaries s JOIN runs r ON r.run = s.run JOIN metric_keys k ON k.key = s.key
WHERE r.number IS NOT NULL;

-- One row for each point.
CREATE VIEW v_history AS
SELECT
    r.id, r.experiment, r.number, r.name, k.name AS key, m.step, m.time, m.value, m.exact
FROM metrics m JOIN runs r ON r.run = m.run JOIN metric_keys k ON k.key = m.key
WHERE r.number IS NOT NULL;
