-- Sign-ins and sessions of the web console, and who looks at a case now: the same as in PostgreSQL.

-- +goose Up

-- Kept under the hash of its token, which only the browser has: whoever reads the table cannot go on with it.
CREATE TABLE sessions (
    id_hash     blob PRIMARY KEY NOT NULL CHECK (length(id_hash) = 32),
    subject     text        NOT NULL,
    roles       text        NOT NULL, -- joined by commas
    account_id  text        NOT NULL DEFAULT '',
    name        text        NOT NULL DEFAULT '',
    locale      text        NOT NULL DEFAULT '',
    logout_hint text        NOT NULL DEFAULT '', -- the id token, to tell the issuer that this session is over
    created_at  timestamp NOT NULL,
    seen_at     timestamp NOT NULL,
    expires_at  timestamp NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_subject ON sessions (subject);

-- A sign-in that is under way at the issuer. It is taken once.
CREATE TABLE sign_ins (
    state_hash blob PRIMARY KEY NOT NULL CHECK (length(state_hash) = 32),
    verifier   text        NOT NULL,
    nonce      text        NOT NULL,
    return_to  text        NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

-- Who had a case open, and when last. A mark of courtesy: it refers to nothing and holds nobody up.
CREATE TABLE viewers (
    ticket_id text      NOT NULL,
    subject   text      NOT NULL,
    seen_at   timestamp NOT NULL,
    PRIMARY KEY (ticket_id, subject)
);
CREATE INDEX viewers_by_time ON viewers (seen_at);

-- +goose Down
DROP TABLE viewers;
DROP TABLE sign_ins;
DROP TABLE sessions;
