-- A phone links accounts however it is written: the same as in PostgreSQL.

-- +goose Up

-- SQLite can only add a column that it works out, and has no expression for the digits of a text: they are
-- picked one by one, from the 32 characters that a phone has at most.
ALTER TABLE accounts ADD COLUMN phone_digits text GENERATED ALWAYS AS (
        iif(substr(phone, 1, 1) GLOB '[0-9]', substr(phone, 1, 1), '') || iif(substr(phone, 2, 1) GLOB '[0-9]', substr(phone, 2, 1), '') ||
        iif(substr(phone, 3, 1) GLOB '[0-9]', substr(phone, 3, 1), '') || iif(substr(phone, 4, 1) GLOB '[0-9]', substr(phone, 4, 1), '') ||
        iif(substr(phone, 5, 1) GLOB '[0-9]', substr(phone, 5, 1), '') || iif(substr(phone, 6, 1) GLOB '[0-9]', substr(phone, 6, 1), '') ||
        iif(substr(phone, 7, 1) GLOB '[0-9]', substr(phone, 7, 1), '') || iif(substr(phone, 8, 1) GLOB '[0-9]', substr(phone, 8, 1), '') ||
        iif(substr(phone, 9, 1) GLOB '[0-9]', substr(phone, 9, 1), '') || iif(substr(phone, 10, 1) GLOB '[0-9]', substr(phone, 10, 1), '') ||
        iif(substr(phone, 11, 1) GLOB '[0-9]', substr(phone, 11, 1), '') || iif(substr(phone, 12, 1) GLOB '[0-9]', substr(phone, 12, 1), '') ||
        iif(substr(phone, 13, 1) GLOB '[0-9]', substr(phone, 13, 1), '') || iif(substr(phone, 14, 1) GLOB '[0-9]', substr(phone, 14, 1), '') ||
        iif(substr(phone, 15, 1) GLOB '[0-9]', substr(phone, 15, 1), '') || iif(substr(phone, 16, 1) GLOB '[0-9]', substr(phone, 16, 1), '') ||
        iif(substr(phone, 17, 1) GLOB '[0-9]', substr(phone, 17, 1), '') || iif(substr(phone, 18, 1) GLOB '[0-9]', substr(phone, 18, 1), '') ||
        iif(substr(phone, 19, 1) GLOB '[0-9]', substr(phone, 19, 1), '') || iif(substr(phone, 20, 1) GLOB '[0-9]', substr(phone, 20, 1), '') ||
        iif(substr(phone, 21, 1) GLOB '[0-9]', substr(phone, 21, 1), '') || iif(substr(phone, 22, 1) GLOB '[0-9]', substr(phone, 22, 1), '') ||
        iif(substr(phone, 23, 1) GLOB '[0-9]', substr(phone, 23, 1), '') || iif(substr(phone, 24, 1) GLOB '[0-9]', substr(phone, 24, 1), '') ||
        iif(substr(phone, 25, 1) GLOB '[0-9]', substr(phone, 25, 1), '') || iif(substr(phone, 26, 1) GLOB '[0-9]', substr(phone, 26, 1), '') ||
        iif(substr(phone, 27, 1) GLOB '[0-9]', substr(phone, 27, 1), '') || iif(substr(phone, 28, 1) GLOB '[0-9]', substr(phone, 28, 1), '') ||
        iif(substr(phone, 29, 1) GLOB '[0-9]', substr(phone, 29, 1), '') || iif(substr(phone, 30, 1) GLOB '[0-9]', substr(phone, 30, 1), '') ||
        iif(substr(phone, 31, 1) GLOB '[0-9]', substr(phone, 31, 1), '') || iif(substr(phone, 32, 1) GLOB '[0-9]', substr(phone, 32, 1), '')) VIRTUAL;
-- What is dialled: without the 00 that is a + written out. Without digits it is empty and links nobody.
ALTER TABLE accounts ADD COLUMN phone_key text GENERATED ALWAYS AS (iif(phone_digits GLOB '00*', substr(phone_digits, 3), phone_digits)) VIRTUAL;
DROP INDEX accounts_by_phone;
CREATE INDEX accounts_by_phone_key ON accounts (phone_key) WHERE phone_key <> '';

DROP TRIGGER decisions_not_own;
-- +goose StatementBegin
CREATE TRIGGER decisions_not_own BEFORE INSERT ON decisions
BEGIN
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND (requested_by = NEW.voter OR account_id = NEW.voter_account));
    -- Linked: a shared e-mail, phone or payer.
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.id = NEW.voter_account
         WHERE r.id = NEW.refund_id AND ((a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone_key <> '' AND o.phone_key = a.phone_key)
                                         OR (a.payer <> '' AND o.payer = a.payer)));
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN refunds f ON f.account_id = r.account_id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON lower(o.email) = lower(a.email) AND a.email <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.phone_key = a.phone_key AND o.phone_key <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.payer = a.payer AND o.payer <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter);
    SELECT RAISE(ABORT, 'first-decider') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN decisions d ON d.refund_id = r.appeal_of WHERE r.id = NEW.refund_id
           AND (d.voter = NEW.voter OR (d.voter_account <> '' AND d.voter_account = NEW.voter_account)));
    SELECT RAISE(ABORT, 'ticket-closed') WHERE NOT EXISTS (
        SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND kind = 'refund' AND state = 'open');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER decisions_not_own;
-- +goose StatementBegin
CREATE TRIGGER decisions_not_own BEFORE INSERT ON decisions
BEGIN
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND (requested_by = NEW.voter OR account_id = NEW.voter_account));
    -- Linked: a shared e-mail, phone or payer.
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.id = NEW.voter_account
         WHERE r.id = NEW.refund_id AND ((a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone <> '' AND o.phone = a.phone)
                                         OR (a.payer <> '' AND o.payer = a.payer)));
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN refunds f ON f.account_id = r.account_id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON lower(o.email) = lower(a.email) AND a.email <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.phone = a.phone AND o.phone <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter
        UNION ALL
        SELECT 1 FROM refunds r JOIN accounts a ON a.id = r.account_id JOIN accounts o ON o.payer = a.payer AND o.payer <> ''
                                JOIN refunds f ON f.account_id = o.id WHERE r.id = NEW.refund_id AND f.requested_by = NEW.voter);
    SELECT RAISE(ABORT, 'first-decider') WHERE EXISTS (
        SELECT 1 FROM refunds r JOIN decisions d ON d.refund_id = r.appeal_of WHERE r.id = NEW.refund_id
           AND (d.voter = NEW.voter OR (d.voter_account <> '' AND d.voter_account = NEW.voter_account)));
    SELECT RAISE(ABORT, 'ticket-closed') WHERE NOT EXISTS (
        SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND kind = 'refund' AND state = 'open');
END;
-- +goose StatementEnd
DROP INDEX accounts_by_phone_key;
ALTER TABLE accounts DROP COLUMN phone_key;
ALTER TABLE accounts DROP COLUMN phone_digits;
CREATE INDEX accounts_by_phone ON accounts (phone) WHERE phone <> '';
