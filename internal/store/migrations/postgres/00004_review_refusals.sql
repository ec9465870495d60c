-- What PostgreSQL refuses by itself of the review desk, whatever the program does: what was judged, said and
-- decided is never edited; who has to approve, and who may not, is counted here; no pause is credited past.

-- +goose Up

-- As in the step before: names are looked up in this schema, and in temporary tables last.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- A policy that was written is fixed, published or not; so is what was judged, and what was said.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON policies FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON policy_activations FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON screenings FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON screening_matches FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON messages FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON policy_activations FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON screenings FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON screening_matches FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON pauses FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- A pause can be ended early, once, and is otherwise fixed. Its gate is the one that credits go
-- through (the store's pauseGate): whoever begins one waits for the credits that are on their way.
-- +goose StatementBegin
CREATE FUNCTION check_pause() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM refuse('append-only', 'pauses are never deleted');
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_advisory_xact_lock(7239004);
        PERFORM 1 FROM accounts WHERE id = NEW.target;
        IF NEW.scope = 'account' AND NOT FOUND THEN
            PERFORM refuse('pause-target', 'a pause is of an account that there is');
        END IF;
        IF NEW.ended_at IS NOT NULL OR NEW.ended_by <> '' THEN
            PERFORM refuse('pause-fixed', 'a pause begins before it ends');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.ended_by = ''
       OR (NEW.id, NEW.scope, NEW.target, NEW.reason, NEW."by", NEW.expires_at, NEW.created_at)
          IS DISTINCT FROM
          (OLD.id, OLD.scope, OLD.target, OLD.reason, OLD."by", OLD.expires_at, OLD.created_at) THEN
        PERFORM refuse('pause-fixed', 'a pause is ended once and not changed');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER check_pause BEFORE INSERT OR UPDATE OR DELETE ON pauses FOR EACH ROW EXECUTE FUNCTION check_pause();

-- A refund is judged while it is screened, and before it moves on.
-- +goose StatementBegin
CREATE FUNCTION check_screening() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM refunds WHERE id = NEW.refund_id AND state IN ('submitted', 'screening');
    IF NOT FOUND THEN
        PERFORM refuse('screening-late', 'a refund is judged while it is screened');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER check_screening BEFORE INSERT ON screenings FOR EACH ROW EXECUTE FUNCTION check_screening();

-- Nothing is said on a closed ticket. Locked: a close that commits beside us is waited for.
-- +goose StatementBegin
CREATE FUNCTION check_message() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM tickets WHERE id = NEW.ticket_id AND state = 'open' FOR SHARE;
    IF NOT FOUND THEN
        PERFORM refuse('ticket-closed', 'nothing is said on a closed ticket');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER check_message BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION check_message();

-- As before, and no credit goes past a pause.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_journal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lines bigint;
    of_package bigint;
    of_customer bigint;
    of_clearing bigint;
    elsewhere bigint;
    p packages%ROWTYPE;
    r refunds%ROWTYPE;
    left_over bigint;
    standing text;
BEGIN
    SELECT count(*),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'package/' || NEW.package_id), 0),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'customer/' || NEW.account_id || '/' || NEW.currency), 0),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'clearing/' || NEW.currency), 0),
           count(*) FILTER (WHERE NOT (CASE NEW.operation
               WHEN 'purchase' THEN ledger_account IN ('package/' || NEW.package_id, 'clearing/' || NEW.currency, 'promotion/' || NEW.currency)
               WHEN 'usage' THEN ledger_account IN ('package/' || NEW.package_id, 'revenue/' || NEW.currency)
               WHEN 'refund' THEN ledger_account IN ('package/' || NEW.package_id, 'promotion/' || NEW.currency, 'customer/' || NEW.account_id || '/' || NEW.currency)
               ELSE true END))
      INTO lines, of_package, of_customer, of_clearing, elsewhere
      FROM postings WHERE journal_id = NEW.id;
    IF lines < 2 THEN
        PERFORM refuse('journal-empty', 'a journal has at least two postings');
    END IF;
    IF elsewhere > 0 THEN
        PERFORM refuse('journal-shape', 'a ' || NEW.operation || ' moves money only between its own accounts');
    END IF;

    IF NEW.operation = 'reversal' THEN
        PERFORM 1 FROM journals o WHERE o.id = NEW.reverses AND o.operation <> 'reversal'
            AND o.account_id = NEW.account_id AND o.package_id = NEW.package_id AND o.currency = NEW.currency;
        IF NOT FOUND THEN
            PERFORM refuse('journal-reversal', 'a reversal undoes a journal of the same package');
        END IF;
        PERFORM 1 FROM (SELECT ledger_account, sum(micros) AS s FROM postings
                         WHERE journal_id IN (NEW.id, NEW.reverses) GROUP BY ledger_account) t WHERE t.s <> 0;
        IF FOUND THEN
            PERFORM refuse('journal-reversal', 'a reversal undoes exactly its journal');
        END IF;
        RETURN NULL;
    END IF;

    SELECT * INTO p FROM packages WHERE id = NEW.package_id;
    IF p.account_id <> NEW.account_id OR p.currency <> NEW.currency THEN
        PERFORM refuse('journal-package', 'a journal has the owner and the currency of its package');
    END IF;

    IF NEW.operation = 'purchase' THEN
        IF NEW.operation_id <> NEW.package_id OR of_package <> p.face THEN
            PERFORM refuse('purchase-face', 'a purchase fills its package with its face balance, once');
        END IF;
        IF of_clearing <> -p.paid THEN
            PERFORM refuse('purchase-paid', 'a purchase takes its price from clearing and what was given from promotion');
        END IF;
    ELSIF NEW.operation = 'usage' THEN
        PERFORM 1 FROM usage_records u WHERE u.id = NEW.operation_id AND u.package_id = NEW.package_id AND u.cost = -of_package;
        IF NOT FOUND THEN
            PERFORM refuse('usage-record', 'usage is posted at the cost that was recorded');
        END IF;
    ELSIF NEW.operation = 'refund' THEN
        SELECT * INTO r FROM refunds WHERE id = NEW.operation_id;
        IF NOT FOUND OR r.package_id <> NEW.package_id OR r.account_id <> NEW.account_id
           OR r.state <> 'credited' OR r.approved IS NULL THEN
            PERFORM refuse('credit-unapproved', 'money is credited for an approved refund only');
        END IF;
        IF of_customer > r.approved THEN
            PERFORM refuse('credit-above-approved', 'never more is credited than was approved');
        END IF;
        IF of_customer <> r.amount
           OR of_customer <> greatest(0, -of_package - (p.face - p.paid)) THEN
            PERFORM refuse('credit-amount', 'the credit is what the ledger leaves of what was paid');
        END IF;
        SELECT balance INTO left_over FROM ledger_accounts WHERE id = 'package/' || NEW.package_id;
        IF left_over <> 0 OR p.status <> 'refunded' THEN
            PERFORM refuse('credit-remainder', 'a credit ends its package');
        END IF;
        -- Locked: a suspension that commits beside us is waited for, and seen.
        SELECT a.standing INTO standing FROM accounts a WHERE a.id = NEW.account_id FOR SHARE;
        IF standing <> 'good' OR p.dispute IN ('open', 'lost') THEN
            PERFORM refuse('credit-obstacle', 'nothing is credited while standing or dispute stand in the way');
        END IF;
        -- The gate of the pauses: one that commits beside us is waited for, and seen. In its last
        -- minute a pause is left to the program, whose clock may be ahead of ours.
        PERFORM pg_advisory_xact_lock_shared(7239004);
        PERFORM 1 FROM pauses z WHERE z.ended_at IS NULL AND z.expires_at > clock_timestamp() + interval '1 minute'
            AND (z.scope = 'all' OR (z.scope = 'account' AND z.target = NEW.account_id) OR (z.scope = 'product' AND z.target = p.product));
        IF FOUND THEN
            PERFORM refuse('credit-paused', 'nothing is credited while crediting is paused');
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- As before, and: an appeal is of a rejection, stays one, and is approved by people only; what
-- screening decides has its record; as many senior reviewers approve as the case asks for.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_refund() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    approvals bigint;
    rejections bigint;
    needed bigint;
    seniors bigint;
    seniors_needed bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' OR NEW.approved IS NOT NULL OR NEW.version <> 1 THEN
            PERFORM refuse('illegal-transition', 'a refund starts as submitted');
        END IF;
        PERFORM 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency;
        IF NOT FOUND THEN
            PERFORM refuse('refund-package', 'a refund has the owner and the currency of its package');
        END IF;
        IF NEW.appeal_of <> '' THEN
            PERFORM 1 FROM refunds WHERE id = NEW.appeal_of AND state = 'rejected' AND appeal_of = ''
                AND account_id = NEW.account_id AND package_id = NEW.package_id;
            IF NOT FOUND THEN
                PERFORM refuse('appeal-unfounded', 'what is appealed is a rejected refund of the package that is itself no appeal');
            END IF;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        PERFORM refuse('append-only', 'refunds are never deleted');
    END IF;
    IF OLD.state IN ('credited', 'rejected', 'withdrawn') THEN
        PERFORM refuse('illegal-transition', 'a refund that ended is not changed');
    END IF;
    IF (NEW.id, NEW.account_id, NEW.package_id, NEW.requested_by, NEW.reason_code, NEW.note_id, NEW.currency,
        NEW.quote_amount, NEW.quote_paid, NEW.quote_face, NEW.quote_remaining, NEW.created_at, NEW.appeal_of)
       IS DISTINCT FROM
       (OLD.id, OLD.account_id, OLD.package_id, OLD.requested_by, OLD.reason_code, OLD.note_id, OLD.currency,
        OLD.quote_amount, OLD.quote_paid, OLD.quote_face, OLD.quote_remaining, OLD.created_at, OLD.appeal_of) THEN
        PERFORM refuse('refund-fixed', 'what was asked for is not edited');
    END IF;
    IF OLD.approved IS NOT NULL AND NEW.approved IS DISTINCT FROM OLD.approved THEN
        PERFORM refuse('refund-fixed', 'an approved amount is not edited');
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        PERFORM refuse('refund-version', 'each change counts the version up by one');
    END IF;
    IF NEW.state <> OLD.state THEN
        PERFORM 1 FROM refund_transitions WHERE old_state = OLD.state AND new_state = NEW.state;
        IF NOT FOUND OR (OLD.state = 'on_hold' AND NEW.state NOT IN ('rejected', 'withdrawn') AND NEW.state <> OLD.held_from)
           OR (NEW.state = 'on_hold' AND NEW.held_from <> OLD.state) THEN
            PERFORM refuse('illegal-transition', OLD.state || ' does not go to ' || NEW.state);
        END IF;
    ELSIF NEW.held_from <> OLD.held_from THEN
        PERFORM refuse('illegal-transition', 'a hold ends where it began');
    END IF;
    IF NEW.approved IS NOT NULL AND OLD.approved IS NULL THEN
        IF NEW.state <> 'crediting' OR OLD.state NOT IN ('screening', 'in_review') THEN
            PERFORM refuse('refund-unapproved', 'only screening and review approve, on the way to crediting');
        END IF;
        IF OLD.state = 'screening' AND NEW.verdict <> 'approve' THEN
            PERFORM refuse('refund-unapproved', 'screening approves with the verdict approve');
        END IF;
        IF OLD.state = 'screening' AND NEW.appeal_of <> '' THEN
            PERFORM refuse('appeal-unreviewed', 'an appeal is approved by people only');
        END IF;
        IF OLD.state = 'in_review' THEN
            -- Two sign-ins of one account are one person.
            SELECT count(DISTINCT coalesce(nullif(d.voter_account, ''), d.voter)) FILTER (WHERE d.vote = 'approve'), count(*) FILTER (WHERE d.vote = 'reject'), max(t.approvals),
                   count(DISTINCT coalesce(nullif(d.voter_account, ''), d.voter)) FILTER (WHERE d.vote = 'approve' AND d.voter_role = 'senior_reviewer'), max(t.seniors)
              INTO approvals, rejections, needed, seniors, seniors_needed
              FROM tickets t LEFT JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention';
            IF approvals < coalesce(needed, 1) OR rejections > 0 THEN
                PERFORM refuse('refund-unapproved', 'a reviewed refund is approved by as many people as its ticket asks for');
            END IF;
            IF seniors < coalesce(seniors_needed, 0) THEN
                PERFORM refuse('refund-unapproved', 'a reviewed refund is approved by as many senior reviewers as its ticket asks for');
            END IF;
        END IF;
    END IF;
    IF OLD.state = 'screening' AND NEW.state IN ('crediting', 'in_review', 'rejected') THEN
        PERFORM 1 FROM screenings WHERE refund_id = NEW.id AND verdict = NEW.verdict
            AND policy_version = NEW.policy_version AND policy_digest = NEW.policy_digest;
        IF NOT FOUND THEN
            PERFORM refuse('refund-unscreened', 'what screening decides is on the record, with what it was decided on');
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- As before, and: nobody of a linked account, nobody who files for the account or a linked one,
-- and nobody who decided what is appealed.
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

-- As before, and: a question needs no refund; no fewer seniors; what was promised stays.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_ticket() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            PERFORM refuse('ticket-fixed', 'a ticket starts as open');
        END IF;
        PERFORM 1 FROM refunds WHERE id = NEW.refund_id AND account_id = NEW.account_id AND (package_id = NEW.package_id OR NEW.package_id IS NULL);
        IF NEW.refund_id IS NOT NULL AND NOT FOUND THEN
            PERFORM refuse('ticket-fixed', 'a ticket has the owner and the package of its refund');
        END IF;
        PERFORM 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id;
        IF NEW.package_id IS NOT NULL AND NOT FOUND THEN
            PERFORM refuse('ticket-fixed', 'a ticket has the owner of its package');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.kind, NEW.refund_id, NEW.account_id, NEW.package_id, NEW.opened_by, NEW.subject, NEW.matches, NEW.sla, NEW.created_at, NEW.queue = 'attention')
       IS DISTINCT FROM
       (OLD.id, OLD.kind, OLD.refund_id, OLD.account_id, OLD.package_id, OLD.opened_by, OLD.subject, OLD.matches, OLD.sla, OLD.created_at, OLD.queue = 'attention') THEN
        PERFORM refuse('ticket-fixed', 'what a ticket is about and was promised is not edited');
    END IF;
    IF NEW.approvals < OLD.approvals OR NEW.seniors < OLD.seniors THEN
        PERFORM refuse('ticket-approvals', 'a ticket asks for no fewer people than before');
    END IF;
    IF OLD.state = 'closed' AND NEW.state <> 'closed' THEN
        PERFORM refuse('ticket-closed', 'a closed ticket stays closed');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION check_pause, check_screening, check_message FROM PUBLIC;
GRANT SELECT ON policies, policy_activations, screenings, screening_matches, messages, saved_replies, pauses TO app_rw, app_ro;
GRANT INSERT ON screenings, screening_matches, messages, saved_replies TO app_rw;
-- Versions and the order of activations are the database's own numbers; a pause is not begun as ended.
GRANT INSERT (source, digest, created_by, created_at) ON policies TO app_rw;
GRANT INSERT (version, by, at) ON policy_activations TO app_rw;
GRANT INSERT (id, scope, target, reason, by, expires_at, created_at) ON pauses TO app_rw;
GRANT UPDATE (ended_at, ended_by) ON pauses TO app_rw;
GRANT UPDATE (title, body_en, body_zh, updated_by, updated_at, version), DELETE ON saved_replies TO app_rw;

-- +goose Down
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);
REVOKE ALL ON policies, policy_activations, screenings, screening_matches, messages, saved_replies, pauses FROM app_rw, app_ro;
DROP TRIGGER check_pause ON pauses;
DROP TRIGGER check_screening ON screenings;
DROP TRIGGER check_message ON messages;
DROP TRIGGER append_only ON policies;
DROP TRIGGER append_only ON policy_activations;
DROP TRIGGER append_only ON screenings;
DROP TRIGGER append_only ON screening_matches;
DROP TRIGGER append_only ON messages;
DROP TRIGGER no_truncate ON policies;
DROP TRIGGER no_truncate ON policy_activations;
DROP TRIGGER no_truncate ON screenings;
DROP TRIGGER no_truncate ON screening_matches;
DROP TRIGGER no_truncate ON messages;
DROP TRIGGER no_truncate ON pauses;
DROP FUNCTION check_pause, check_screening, check_message;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_journal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lines bigint;
    of_package bigint;
    of_customer bigint;
    of_clearing bigint;
    elsewhere bigint;
    p packages%ROWTYPE;
    r refunds%ROWTYPE;
    left_over bigint;
    standing text;
BEGIN
    SELECT count(*),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'package/' || NEW.package_id), 0),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'customer/' || NEW.account_id || '/' || NEW.currency), 0),
           coalesce(sum(micros) FILTER (WHERE ledger_account = 'clearing/' || NEW.currency), 0),
           count(*) FILTER (WHERE NOT (CASE NEW.operation
               WHEN 'purchase' THEN ledger_account IN ('package/' || NEW.package_id, 'clearing/' || NEW.currency, 'promotion/' || NEW.currency)
               WHEN 'usage' THEN ledger_account IN ('package/' || NEW.package_id, 'revenue/' || NEW.currency)
               WHEN 'refund' THEN ledger_account IN ('package/' || NEW.package_id, 'promotion/' || NEW.currency, 'customer/' || NEW.account_id || '/' || NEW.currency)
               ELSE true END))
      INTO lines, of_package, of_customer, of_clearing, elsewhere
      FROM postings WHERE journal_id = NEW.id;
    IF lines < 2 THEN
        PERFORM refuse('journal-empty', 'a journal has at least two postings');
    END IF;
    IF elsewhere > 0 THEN
        PERFORM refuse('journal-shape', 'a ' || NEW.operation || ' moves money only between its own accounts');
    END IF;

    IF NEW.operation = 'reversal' THEN
        PERFORM 1 FROM journals o WHERE o.id = NEW.reverses AND o.operation <> 'reversal'
            AND o.account_id = NEW.account_id AND o.package_id = NEW.package_id AND o.currency = NEW.currency;
        IF NOT FOUND THEN
            PERFORM refuse('journal-reversal', 'a reversal undoes a journal of the same package');
        END IF;
        PERFORM 1 FROM (SELECT ledger_account, sum(micros) AS s FROM postings
                         WHERE journal_id IN (NEW.id, NEW.reverses) GROUP BY ledger_account) t WHERE t.s <> 0;
        IF FOUND THEN
            PERFORM refuse('journal-reversal', 'a reversal undoes exactly its journal');
        END IF;
        RETURN NULL;
    END IF;

    SELECT * INTO p FROM packages WHERE id = NEW.package_id;
    IF p.account_id <> NEW.account_id OR p.currency <> NEW.currency THEN
        PERFORM refuse('journal-package', 'a journal has the owner and the currency of its package');
    END IF;

    IF NEW.operation = 'purchase' THEN
        IF NEW.operation_id <> NEW.package_id OR of_package <> p.face THEN
            PERFORM refuse('purchase-face', 'a purchase fills its package with its face balance, once');
        END IF;
        IF of_clearing <> -p.paid THEN
            PERFORM refuse('purchase-paid', 'a purchase takes its price from clearing and what was given from promotion');
        END IF;
    ELSIF NEW.operation = 'usage' THEN
        PERFORM 1 FROM usage_records u WHERE u.id = NEW.operation_id AND u.package_id = NEW.package_id AND u.cost = -of_package;
        IF NOT FOUND THEN
            PERFORM refuse('usage-record', 'usage is posted at the cost that was recorded');
        END IF;
    ELSIF NEW.operation = 'refund' THEN
        SELECT * INTO r FROM refunds WHERE id = NEW.operation_id;
        IF NOT FOUND OR r.package_id <> NEW.package_id OR r.account_id <> NEW.account_id
           OR r.state <> 'credited' OR r.approved IS NULL THEN
            PERFORM refuse('credit-unapproved', 'money is credited for an approved refund only');
        END IF;
        IF of_customer > r.approved THEN
            PERFORM refuse('credit-above-approved', 'never more is credited than was approved');
        END IF;
        IF of_customer <> r.amount
           OR of_customer <> greatest(0, -of_package - (p.face - p.paid)) THEN
            PERFORM refuse('credit-amount', 'the credit is what the ledger leaves of what was paid');
        END IF;
        SELECT balance INTO left_over FROM ledger_accounts WHERE id = 'package/' || NEW.package_id;
        IF left_over <> 0 OR p.status <> 'refunded' THEN
            PERFORM refuse('credit-remainder', 'a credit ends its package');
        END IF;
        -- Locked: a suspension that commits beside us is waited for, and seen.
        SELECT a.standing INTO standing FROM accounts a WHERE a.id = NEW.account_id FOR SHARE;
        IF standing <> 'good' OR p.dispute IN ('open', 'lost') THEN
            PERFORM refuse('credit-obstacle', 'nothing is credited while standing or dispute stand in the way');
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_refund() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    approvals bigint;
    rejections bigint;
    needed bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' OR NEW.approved IS NOT NULL OR NEW.version <> 1 THEN
            PERFORM refuse('illegal-transition', 'a refund starts as submitted');
        END IF;
        PERFORM 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency;
        IF NOT FOUND THEN
            PERFORM refuse('refund-package', 'a refund has the owner and the currency of its package');
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        PERFORM refuse('append-only', 'refunds are never deleted');
    END IF;
    IF OLD.state IN ('credited', 'rejected', 'withdrawn') THEN
        PERFORM refuse('illegal-transition', 'a refund that ended is not changed');
    END IF;
    IF (NEW.id, NEW.account_id, NEW.package_id, NEW.requested_by, NEW.reason_code, NEW.note_id, NEW.currency,
        NEW.quote_amount, NEW.quote_paid, NEW.quote_face, NEW.quote_remaining, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.account_id, OLD.package_id, OLD.requested_by, OLD.reason_code, OLD.note_id, OLD.currency,
        OLD.quote_amount, OLD.quote_paid, OLD.quote_face, OLD.quote_remaining, OLD.created_at) THEN
        PERFORM refuse('refund-fixed', 'what was asked for is not edited');
    END IF;
    IF OLD.approved IS NOT NULL AND NEW.approved IS DISTINCT FROM OLD.approved THEN
        PERFORM refuse('refund-fixed', 'an approved amount is not edited');
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        PERFORM refuse('refund-version', 'each change counts the version up by one');
    END IF;
    IF NEW.state <> OLD.state THEN
        PERFORM 1 FROM refund_transitions WHERE old_state = OLD.state AND new_state = NEW.state;
        IF NOT FOUND OR (OLD.state = 'on_hold' AND NEW.state NOT IN ('rejected', 'withdrawn') AND NEW.state <> OLD.held_from)
           OR (NEW.state = 'on_hold' AND NEW.held_from <> OLD.state) THEN
            PERFORM refuse('illegal-transition', OLD.state || ' does not go to ' || NEW.state);
        END IF;
    ELSIF NEW.held_from <> OLD.held_from THEN
        PERFORM refuse('illegal-transition', 'a hold ends where it began');
    END IF;
    IF NEW.approved IS NOT NULL AND OLD.approved IS NULL THEN
        IF NEW.state <> 'crediting' OR OLD.state NOT IN ('screening', 'in_review') THEN
            PERFORM refuse('refund-unapproved', 'only screening and review approve, on the way to crediting');
        END IF;
        IF OLD.state = 'screening' AND NEW.verdict <> 'approve' THEN
            PERFORM refuse('refund-unapproved', 'screening approves with the verdict approve');
        END IF;
        IF OLD.state = 'in_review' THEN
            SELECT count(DISTINCT d.voter) FILTER (WHERE d.vote = 'approve'), count(*) FILTER (WHERE d.vote = 'reject'), max(t.approvals)
              INTO approvals, rejections, needed
              FROM tickets t LEFT JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention';
            IF approvals < coalesce(needed, 1) OR rejections > 0 THEN
                PERFORM refuse('refund-unapproved', 'a reviewed refund is approved by as many people as its ticket asks for');
            END IF;
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM refunds WHERE id = NEW.refund_id AND (requested_by = NEW.voter OR account_id = NEW.voter_account);
    IF FOUND THEN
        PERFORM refuse('self-approval', 'nobody decides on a refund of his own');
    END IF;
    PERFORM 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND state = 'open';
    IF NOT FOUND THEN
        PERFORM refuse('ticket-closed', 'a decision is taken on an open ticket of the refund');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_ticket() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM 1 FROM refunds WHERE id = NEW.refund_id AND account_id = NEW.account_id AND package_id = NEW.package_id;
        IF NOT FOUND OR NEW.state <> 'open' THEN
            PERFORM refuse('ticket-fixed', 'a ticket opens with the owner and the package of its refund');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.kind, NEW.refund_id, NEW.account_id, NEW.package_id, NEW.matches, NEW.created_at, NEW.queue = 'attention')
       IS DISTINCT FROM
       (OLD.id, OLD.kind, OLD.refund_id, OLD.account_id, OLD.package_id, OLD.matches, OLD.created_at, OLD.queue = 'attention') THEN
        PERFORM refuse('ticket-fixed', 'what a ticket is about is not edited');
    END IF;
    IF NEW.approvals < OLD.approvals THEN
        PERFORM refuse('ticket-approvals', 'a ticket asks for no fewer people than before');
    END IF;
    IF OLD.state = 'closed' AND NEW.state <> 'closed' THEN
        PERFORM refuse('ticket-closed', 'a closed ticket stays closed');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
