-- The tables of Stockpile in a PostgreSQL database, 15 or newer. It may be run again: what is there stays as it is.
--
--   stockpile journal schema | psql -v ON_ERROR_STOP=1 -1 "host=… dbname=stockpile user=owner"
--
-- Tables and indexes come to stand in the first schema of the role's search path. journal and snapshot are, name by
-- name, what Akka.Persistence.Sql 1.5 makes of its default table mapping.

-- One row per committed round of a cell, and a few rows of Akka.Cluster.Sharding on which cells exist.
CREATE TABLE IF NOT EXISTS journal (
    ordering        bigint  GENERATED ALWAYS AS IDENTITY NOT NULL,
    created         bigint  NOT NULL,
    deleted         boolean NOT NULL,
    persistence_id  text    NOT NULL,
    sequence_number bigint  NOT NULL,
    message         bytea   NOT NULL,
    tags            text,
    manifest        text,
    identifier      integer,
    writer_uuid     text,
    CONSTRAINT "PK_journal" PRIMARY KEY (ordering),
    -- Two writers of one cell cannot both store its next round: the second one fails here.
    CONSTRAINT journal_uq UNIQUE (persistence_id, sequence_number)
);
CREATE INDEX IF NOT EXISTS journal_created_idx ON journal (created);
CREATE INDEX IF NOT EXISTS journal_sequence_number_idx ON journal (sequence_number);

-- The newest state of each cell, so that a recovery need not read the whole journal.
CREATE TABLE IF NOT EXISTS snapshot (
    persistence_id  text   NOT NULL,
    sequence_number bigint NOT NULL,
    created         bigint NOT NULL,
    snapshot        bytea,
    manifest        text,
    serializer_id   integer,
    CONSTRAINT "PK_snapshot" PRIMARY KEY (persistence_id, sequence_number)
);
CREATE INDEX IF NOT EXISTS snapshot_created_idx ON snapshot (created);
CREATE INDEX IF NOT EXISTS snapshot_sequence_number_idx ON snapshot (sequence_number);

-- The one row that says which simulated time it was at a real time, and how fast it runs since.
CREATE TABLE IF NOT EXISTS stockpile_clock (
    id              smallint         PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    real_start      timestamptz      NOT NULL,
    simulated_start timestamptz      NOT NULL,
    speed           double precision NOT NULL CHECK (speed > 0)
);
