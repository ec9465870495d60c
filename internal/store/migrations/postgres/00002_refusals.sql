-- What PostgreSQL refuses by itself. Every rule here has a test that breaks it with raw SQL under app_rw.

-- +goose Up

-- Every function below looks names up in this schema and in a session's temporary tables last:
-- otherwise whoever may make a temporary table "postings" chooses what the checks see.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- +goose StatementBegin
CREATE FUNCTION refuse(rule text, detail text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = rule, DETAIL = detail;
END $$;
-- +goose StatementEnd

-- Append-only: an edited posting, decision, note or audit entry.
-- +goose StatementBegin
CREATE FUNCTION refuse_edit() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM refuse('append-only', TG_TABLE_NAME || ' rows are never edited or deleted');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journals FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON postings FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_records FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON decisions FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON refund_transitions FOR EACH ROW EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON journals FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON usage_records FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit();

-- Balances are the database's own arithmetic: nobody inserts a balance, postings make it.
-- +goose StatementBegin
CREATE FUNCTION open_ledger_account() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.balance := CASE WHEN NEW.id LIKE 'package/%' OR NEW.id LIKE 'customer/%' THEN 0 END;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER open_ledger_account BEFORE INSERT ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION open_ledger_account();

-- What a ledger account is called and counts in is fixed. app_rw may lock an account (and for
-- that needs a right to update something of it), and change nothing.
CREATE TRIGGER append_only BEFORE UPDATE ON ledger_accounts FOR EACH ROW
    WHEN ((NEW.id, NEW.currency) IS DISTINCT FROM (OLD.id, OLD.currency)) EXECUTE FUNCTION refuse_edit();

-- A posting has the currency of its journal and its account, and moves the account's balance.
-- Runs as the owner because app_rw may not write balances.
-- +goose StatementBegin
CREATE FUNCTION apply_posting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM journals j JOIN ledger_accounts l ON l.currency = j.currency
      WHERE j.id = NEW.journal_id AND l.id = NEW.ledger_account;
    IF NOT FOUND THEN
        PERFORM refuse('posting-currency', 'a posting has the currency of its journal and of its account');
    END IF;
    UPDATE ledger_accounts SET balance = balance + NEW.micros WHERE id = NEW.ledger_account AND balance IS NOT NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER apply_posting AFTER INSERT ON postings FOR EACH ROW EXECUTE FUNCTION apply_posting();

-- The postings of a journal are written by one statement and balance each other. Checked at
-- once: a check at commit can be called early (SET CONSTRAINTS), and what is written after it
-- would be seen by nobody.
-- +goose StatementBegin
CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM added GROUP BY journal_id HAVING sum(micros) <> 0;
    IF FOUND THEN
        PERFORM refuse('journal-unbalanced', 'the postings of a journal sum to zero');
    END IF;
    PERFORM 1 FROM (SELECT journal_id, count(*) AS n FROM added GROUP BY journal_id) a
      WHERE a.n <> (SELECT count(*) FROM postings p WHERE p.journal_id = a.journal_id);
    IF FOUND THEN
        PERFORM refuse('journal-sealed', 'nothing is added to a journal');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER check_postings AFTER INSERT ON postings REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_postings();

-- At commit a journal is not empty and moves money only as its operation may.
-- +goose StatementBegin
CREATE FUNCTION check_journal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
CREATE CONSTRAINT TRIGGER check_journal AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_journal();

-- A refund starts as submitted, goes the way of the table, and is fixed in what was asked and approved.
-- +goose StatementBegin
CREATE FUNCTION check_refund() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
CREATE TRIGGER check_refund BEFORE INSERT OR UPDATE OR DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION check_refund();

-- At commit a credited refund has its journal, and every change has its audit entry.
-- +goose StatementBegin
CREATE FUNCTION check_refund_record() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM audit_entries
     WHERE refund_id = NEW.id AND object = 'refund' AND object_id = NEW.id AND object_version = NEW.version
       AND new_state = NEW.state AND old_state = CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE '' END
       AND tx = pg_current_xact_id();
    IF NOT FOUND THEN
        PERFORM refuse('refund-unaudited', 'a change of a refund has an audit entry in its transaction');
    END IF;
    IF NEW.state = 'credited' THEN
        PERFORM 1 FROM journals WHERE operation = 'refund' AND operation_id = NEW.id;
        IF NOT FOUND THEN
            PERFORM refuse('credit-unposted', 'a credited refund has its journal');
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER check_refund_record AFTER INSERT OR UPDATE ON refunds DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_refund_record();

-- Nobody decides on a refund of his own.
-- +goose StatementBegin
CREATE FUNCTION check_decision() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
CREATE TRIGGER check_decision BEFORE INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION check_decision();

-- A ticket stays with its refund, asks for no fewer people than before, and is closed for good.
-- +goose StatementBegin
CREATE FUNCTION check_ticket() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
CREATE TRIGGER check_ticket BEFORE INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION check_ticket();

-- What was bought is fixed; a refunded package stays so.
-- +goose StatementBegin
CREATE FUNCTION check_package() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'active' THEN
            PERFORM refuse('package-fixed', 'a package starts as active');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.account_id, NEW.product, NEW.currency, NEW.paid, NEW.face, NEW.purchased_at)
       IS DISTINCT FROM
       (OLD.id, OLD.account_id, OLD.product, OLD.currency, OLD.paid, OLD.face, OLD.purchased_at) THEN
        PERFORM refuse('package-fixed', 'what was bought is not edited');
    END IF;
    IF OLD.status = 'refunded' AND NEW.status <> 'refunded' THEN
        PERFORM refuse('package-refunded', 'a refund ends its package');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER check_package BEFORE INSERT OR UPDATE ON packages FOR EACH ROW EXECUTE FUNCTION check_package();

-- At commit a package that ended has the credit that ended it.
-- +goose StatementBegin
CREATE FUNCTION check_package_end() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM journals WHERE package_id = NEW.id AND operation = 'refund';
    IF NOT FOUND THEN
        PERFORM refuse('package-uncredited', 'a package is ended by its credit');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER check_package_end AFTER UPDATE ON packages DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.status = 'refunded' AND OLD.status <> 'refunded') EXECUTE FUNCTION check_package_end();

-- The application's rights: read all, append to the record, change only what has a state. Nobody
-- else may use the functions above: a trigger of his own table would run them with our rights.
REVOKE ALL ON FUNCTION refuse, refuse_edit, open_ledger_account, apply_posting, check_postings, check_journal, check_refund,
    check_refund_record, check_decision, check_ticket, check_package, check_package_end FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refuse TO app_rw;
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO app_rw, app_ro', current_schema());
END $$;
-- +goose StatementEnd
GRANT SELECT ON accounts, packages, refund_transitions, refunds, idempotency_keys, tickets, decisions, notes,
    ledger_accounts, journals, postings, usage_records, audit_entries, engine_intents, notices, goose_db_version TO app_rw, app_ro;
GRANT INSERT ON accounts, packages, refunds, idempotency_keys, tickets, decisions, notes, journals,
    postings, usage_records, engine_intents, notices TO app_rw;
-- Balances, and the order, time and transaction of an entry, are the database's own.
GRANT INSERT (id, currency) ON ledger_accounts TO app_rw;
GRANT INSERT (id, entry_version, actor, role, action, object, object_id, object_version, refund_id, old_state, new_state, amount, currency,
    reason_code, policy_version, decision_digest, request_id, workflow_id, run_id, operation_id) ON audit_entries TO app_rw;
GRANT UPDATE ON accounts, packages, refunds, tickets TO app_rw;
GRANT UPDATE (currency) ON ledger_accounts TO app_rw; -- to lock them; the trigger append_only refuses the change
GRANT UPDATE (delivered_at) ON engine_intents TO app_rw;
GRANT UPDATE (state, updated_at) ON notices TO app_rw;

-- +goose Down
DROP TRIGGER check_package_end ON packages;
DROP TRIGGER check_package ON packages;
DROP TRIGGER check_ticket ON tickets;
DROP TRIGGER check_decision ON decisions;
DROP TRIGGER check_refund_record ON refunds;
DROP TRIGGER check_refund ON refunds;
DROP TRIGGER check_journal ON journals;
DROP TRIGGER check_postings ON postings;
DROP TRIGGER apply_posting ON postings;
DROP TRIGGER open_ledger_account ON ledger_accounts;
DROP TRIGGER append_only ON ledger_accounts;
DROP TRIGGER append_only ON journals;
DROP TRIGGER append_only ON postings;
DROP TRIGGER append_only ON usage_records;
DROP TRIGGER append_only ON decisions;
DROP TRIGGER append_only ON notes;
DROP TRIGGER append_only ON audit_entries;
DROP TRIGGER append_only ON refund_transitions;
DROP TRIGGER no_truncate ON journals;
DROP TRIGGER no_truncate ON postings;
DROP TRIGGER no_truncate ON usage_records;
DROP TRIGGER no_truncate ON decisions;
DROP TRIGGER no_truncate ON notes;
DROP TRIGGER no_truncate ON audit_entries;
DROP FUNCTION check_package_end, check_package, check_ticket, check_decision, check_refund_record, check_refund, check_journal,
    check_postings, apply_posting, open_ledger_account, refuse_edit, refuse(text, text);
