-- A phone links accounts however it is written: what is compared is its key.

-- +goose Up
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- What is dialled: the digits, without the 00 that is a + written out. Without digits it is empty and links nobody.
ALTER TABLE accounts ADD COLUMN phone_key text NOT NULL
    GENERATED ALWAYS AS (regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^00', '')) STORED;
DROP INDEX accounts_by_phone;
CREATE INDEX accounts_by_phone_key ON accounts (phone_key) WHERE phone_key <> '';

-- As before, with phones compared by their key.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    r refunds%ROWTYPE;
BEGIN
    SELECT * INTO r FROM refunds WHERE id = NEW.refund_id;
    IF NEW.voter = r.requested_by OR NEW.voter_account = r.account_id THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of his own');
    END IF;
    PERFORM 1 FROM accounts a JOIN accounts o ON o.id = NEW.voter_account
      WHERE a.id = r.account_id AND ((a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone_key <> '' AND o.phone_key = a.phone_key)
                                     OR (a.payer <> '' AND o.payer = a.payer));
    IF FOUND THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of an account linked to his');
    END IF;
    -- From what he filed to the account, not from the account to all that are linked to it: a
    -- reseller's payer links very many.
    PERFORM 1 FROM refunds f JOIN accounts o ON o.id = f.account_id JOIN accounts a ON a.id = r.account_id
      WHERE f.requested_by = NEW.voter
        AND (o.id = a.id OR (a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone_key <> '' AND o.phone_key = a.phone_key)
             OR (a.payer <> '' AND o.payer = a.payer));
    IF FOUND THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of an account that he files for, nor of one linked to it');
    END IF;
    PERFORM 1 FROM decisions WHERE refund_id = r.appeal_of AND (voter = NEW.voter OR (voter_account <> '' AND voter_account = NEW.voter_account));
    IF FOUND THEN
        PERFORM refuse('first-decider', 'an appeal is decided by somebody who did not decide the first request');
    END IF;
    PERFORM 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND kind = 'refund' AND state = 'open';
    IF NOT FOUND THEN
        PERFORM refuse('ticket-closed', 'a decision is taken on the open case of the refund');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    r refunds%ROWTYPE;
BEGIN
    SELECT * INTO r FROM refunds WHERE id = NEW.refund_id;
    IF NEW.voter = r.requested_by OR NEW.voter_account = r.account_id THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of his own');
    END IF;
    PERFORM 1 FROM accounts a JOIN accounts o ON o.id = NEW.voter_account
      WHERE a.id = r.account_id AND ((a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone <> '' AND o.phone = a.phone)
                                     OR (a.payer <> '' AND o.payer = a.payer));
    IF FOUND THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of an account linked to his');
    END IF;
    -- From what he filed to the account, not from the account to all that are linked to it: a
    -- reseller's payer links very many.
    PERFORM 1 FROM refunds f JOIN accounts o ON o.id = f.account_id JOIN accounts a ON a.id = r.account_id
      WHERE f.requested_by = NEW.voter
        AND (o.id = a.id OR (a.email <> '' AND lower(o.email) = lower(a.email)) OR (a.phone <> '' AND o.phone = a.phone)
             OR (a.payer <> '' AND o.payer = a.payer));
    IF FOUND THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of an account that he files for, nor of one linked to it');
    END IF;
    PERFORM 1 FROM decisions WHERE refund_id = r.appeal_of AND (voter = NEW.voter OR (voter_account <> '' AND voter_account = NEW.voter_account));
    IF FOUND THEN
        PERFORM refuse('first-decider', 'an appeal is decided by somebody who did not decide the first request');
    END IF;
    PERFORM 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND kind = 'refund' AND state = 'open';
    IF NOT FOUND THEN
        PERFORM refuse('ticket-closed', 'a decision is taken on the open case of the refund');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP INDEX accounts_by_phone_key;
ALTER TABLE accounts DROP COLUMN phone_key;
CREATE INDEX accounts_by_phone ON accounts (phone) WHERE phone <> '';
