-- A sign-in under way is kept by the browser that began it: the same as in PostgreSQL.

-- +goose Up
DROP TABLE sign_ins;

-- +goose Down
CREATE TABLE sign_ins (
    state_hash blob PRIMARY KEY NOT NULL CHECK (length(state_hash) = 32),
    verifier   text        NOT NULL,
    nonce      text        NOT NULL,
    return_to  text        NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
