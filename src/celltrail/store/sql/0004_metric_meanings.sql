-- What metrics mean, whichever run has them: of each thing that is said of one, what was said
-- last. field: minimize or primary, true or false; unit or format, any text.
CREATE TABLE metric_meanings (
    metric VARCHAR NOT NULL, field VARCHAR NOT NULL, value VARCHAR NOT NULL, time TIMESTAMP NOT NULL
);

-- One row for each metric of which something was said; what was not said is NULL.
CREATE VIEW v_metric_meanings AS
SELECT
    metric AS name,
    max(CASE WHEN field = 'minimize' THEN value = 'true' END) AS minimize,
    max(CASE WHEN field = 'unit' THEN value END) AS unit,
    max(CASE WHEN field = 'format' THEN value END) AS format,
    coalesce(max(CASE WHEN field = 'primary' THEN value = 'true' END), false) AS is_primary
FROM metric_meanings GROUP BY metric;
