-- What SQLite can express of what PostgreSQL refuses by itself of the review desk.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policy_activations_no_update BEFORE UPDATE ON policy_activations
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policy_activations_no_delete BEFORE DELETE ON policy_activations
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER screenings_no_update BEFORE UPDATE ON screenings
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER screenings_no_delete BEFORE DELETE ON screenings
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER screening_matches_no_update BEFORE UPDATE ON screening_matches
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER screening_matches_no_delete BEFORE DELETE ON screening_matches
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER messages_no_update BEFORE UPDATE ON messages
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pauses_no_delete BEFORE DELETE ON pauses
BEGIN
    SELECT RAISE(ABORT, 'append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pauses_begin BEFORE INSERT ON pauses
BEGIN
    SELECT RAISE(ABORT, 'pause-target') WHERE NEW.scope = 'account' AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = NEW.target);
    SELECT RAISE(ABORT, 'pause-fixed') WHERE NEW.ended_at IS NOT NULL OR NEW.ended_by <> '';
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pauses_fixed BEFORE UPDATE ON pauses
BEGIN
    SELECT RAISE(ABORT, 'pause-fixed')
     WHERE OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.ended_by = ''
        OR NEW.id <> OLD.id OR NEW.scope <> OLD.scope OR NEW.target <> OLD.target OR NEW.reason <> OLD.reason OR NEW.by <> OLD.by
        OR NEW.expires_at <> OLD.expires_at OR NEW.created_at <> OLD.created_at;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER screenings_in_time BEFORE INSERT ON screenings
BEGIN
    SELECT RAISE(ABORT, 'screening-late') WHERE NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND state IN ('submitted', 'screening'));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER messages_open BEFORE INSERT ON messages
BEGIN
    SELECT RAISE(ABORT, 'ticket-closed') WHERE NOT EXISTS (SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND state = 'open');
END;
-- +goose StatementEnd

-- These say more than they did.
DROP TRIGGER journals_approved;
-- +goose StatementBegin
CREATE TRIGGER journals_approved BEFORE INSERT ON journals WHEN NEW.operation = 'refund'
BEGIN
    SELECT RAISE(ABORT, 'credit-unapproved') WHERE NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.operation_id AND package_id = NEW.package_id AND account_id = NEW.account_id
           AND state = 'credited' AND approved IS NOT NULL);
    SELECT RAISE(ABORT, 'credit-remainder') WHERE NOT EXISTS (SELECT 1 FROM packages WHERE id = NEW.package_id AND status = 'refunded');
    SELECT RAISE(ABORT, 'credit-obstacle') WHERE EXISTS (
        SELECT 1 FROM packages p JOIN accounts a ON a.id = p.account_id
         WHERE p.id = NEW.package_id AND (a.standing <> 'good' OR p.dispute IN ('open', 'lost')));
    -- In its last minute a pause is left to the program, as in PostgreSQL.
    SELECT RAISE(ABORT, 'credit-paused') WHERE EXISTS (
        SELECT 1 FROM pauses z WHERE z.ended_at IS NULL AND z.expires_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 minute')
           AND (z.scope = 'all' OR (z.scope = 'account' AND z.target = NEW.account_id)
                OR (z.scope = 'product' AND z.target = (SELECT product FROM packages WHERE id = NEW.package_id))));
END;
-- +goose StatementEnd

DROP TRIGGER refunds_start;
-- +goose StatementBegin
CREATE TRIGGER refunds_start BEFORE INSERT ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition') WHERE NEW.state <> 'submitted' OR NEW.approved IS NOT NULL OR NEW.version <> 1;
    SELECT RAISE(ABORT, 'refund-package') WHERE NOT EXISTS (
        SELECT 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency);
    SELECT RAISE(ABORT, 'appeal-unfounded') WHERE NEW.appeal_of <> '' AND NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.appeal_of AND state = 'rejected' AND appeal_of = ''
           AND account_id = NEW.account_id AND package_id = NEW.package_id);
END;
-- +goose StatementEnd

DROP TRIGGER refunds_transition;
-- +goose StatementBegin
CREATE TRIGGER refunds_transition BEFORE UPDATE ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition')
     WHERE OLD.state IN ('credited', 'rejected', 'withdrawn')
        OR (NEW.state <> OLD.state AND NOT EXISTS (
            SELECT 1 FROM refund_transitions WHERE old_state = OLD.state AND new_state = NEW.state))
        OR (NEW.state = OLD.state AND NEW.held_from <> OLD.held_from)
        OR (OLD.state = 'on_hold' AND NEW.state NOT IN ('on_hold', 'rejected', 'withdrawn') AND NEW.state <> OLD.held_from)
        OR (OLD.state <> 'on_hold' AND NEW.state = 'on_hold' AND NEW.held_from <> OLD.state);
    SELECT RAISE(ABORT, 'refund-fixed')
     WHERE NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.package_id <> OLD.package_id OR NEW.requested_by <> OLD.requested_by
        OR NEW.reason_code <> OLD.reason_code OR NEW.note_id <> OLD.note_id OR NEW.currency <> OLD.currency
        OR NEW.quote_amount <> OLD.quote_amount OR NEW.quote_paid <> OLD.quote_paid OR NEW.quote_face <> OLD.quote_face
        OR NEW.quote_remaining <> OLD.quote_remaining OR NEW.appeal_of <> OLD.appeal_of OR (OLD.approved IS NOT NULL AND NEW.approved IS NOT OLD.approved);
    SELECT RAISE(ABORT, 'refund-version') WHERE NEW.version <> OLD.version + 1;
    SELECT RAISE(ABORT, 'refund-unscreened')
     WHERE OLD.state = 'screening' AND NEW.state IN ('crediting', 'in_review', 'rejected') AND NOT EXISTS (
        SELECT 1 FROM screenings WHERE refund_id = NEW.id AND verdict = NEW.verdict
           AND policy_version = NEW.policy_version AND policy_digest = NEW.policy_digest);
END;
-- +goose StatementEnd

DROP TRIGGER refunds_approved;
-- +goose StatementBegin
CREATE TRIGGER refunds_approved BEFORE UPDATE ON refunds WHEN NEW.approved IS NOT NULL AND OLD.approved IS NULL
BEGIN
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE NEW.state <> 'crediting' OR OLD.state NOT IN ('screening', 'in_review')
        OR (OLD.state = 'screening' AND NEW.verdict <> 'approve');
    SELECT RAISE(ABORT, 'appeal-unreviewed') WHERE OLD.state = 'screening' AND NEW.appeal_of <> '';
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE OLD.state = 'in_review' AND (
           (SELECT count(DISTINCT coalesce(nullif(d.voter_account, ''), d.voter)) FROM tickets t JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'approve')
           < coalesce((SELECT max(approvals) FROM tickets WHERE refund_id = NEW.id AND queue <> 'attention'), 1)
        OR (SELECT count(DISTINCT coalesce(nullif(d.voter_account, ''), d.voter)) FROM tickets t JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'approve' AND d.voter_role = 'senior_reviewer')
           < coalesce((SELECT max(seniors) FROM tickets WHERE refund_id = NEW.id AND queue <> 'attention'), 0)
        OR EXISTS (SELECT 1 FROM tickets t JOIN decisions d ON d.ticket_id = t.id
                    WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'reject'));
END;
-- +goose StatementEnd

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

-- +goose StatementBegin
CREATE TRIGGER tickets_open BEFORE INSERT ON tickets
BEGIN
    SELECT RAISE(ABORT, 'ticket-fixed') WHERE NEW.state <> 'open'
        OR (NEW.refund_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM refunds WHERE id = NEW.refund_id AND account_id = NEW.account_id AND (package_id = NEW.package_id OR NEW.package_id IS NULL)))
        OR (NEW.package_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tickets_fixed BEFORE UPDATE ON tickets
BEGIN
    SELECT RAISE(ABORT, 'ticket-fixed')
     WHERE NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.refund_id IS NOT OLD.refund_id OR NEW.account_id <> OLD.account_id
        OR NEW.package_id IS NOT OLD.package_id OR NEW.opened_by <> OLD.opened_by OR NEW.subject <> OLD.subject OR NEW.matches <> OLD.matches
        OR NEW.sla <> OLD.sla OR NEW.created_at <> OLD.created_at OR (NEW.queue = 'attention') <> (OLD.queue = 'attention');
    SELECT RAISE(ABORT, 'ticket-approvals') WHERE NEW.approvals < OLD.approvals OR NEW.seniors < OLD.seniors;
    SELECT RAISE(ABORT, 'ticket-closed') WHERE OLD.state = 'closed' AND NEW.state <> 'closed';
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER policies_no_update;
DROP TRIGGER policies_no_delete;
DROP TRIGGER policy_activations_no_update;
DROP TRIGGER policy_activations_no_delete;
DROP TRIGGER screenings_no_update;
DROP TRIGGER screenings_no_delete;
DROP TRIGGER screening_matches_no_update;
DROP TRIGGER screening_matches_no_delete;
DROP TRIGGER messages_no_update;
DROP TRIGGER messages_no_delete;
DROP TRIGGER pauses_no_delete;
DROP TRIGGER pauses_begin;
DROP TRIGGER pauses_fixed;
DROP TRIGGER screenings_in_time;
DROP TRIGGER messages_open;
DROP TRIGGER tickets_open;
DROP TRIGGER tickets_fixed;
DROP TRIGGER journals_approved;
-- +goose StatementBegin
CREATE TRIGGER journals_approved BEFORE INSERT ON journals WHEN NEW.operation = 'refund'
BEGIN
    SELECT RAISE(ABORT, 'credit-unapproved') WHERE NOT EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.operation_id AND package_id = NEW.package_id AND account_id = NEW.account_id
           AND state = 'credited' AND approved IS NOT NULL);
    SELECT RAISE(ABORT, 'credit-remainder') WHERE NOT EXISTS (SELECT 1 FROM packages WHERE id = NEW.package_id AND status = 'refunded');
    SELECT RAISE(ABORT, 'credit-obstacle') WHERE EXISTS (
        SELECT 1 FROM packages p JOIN accounts a ON a.id = p.account_id
         WHERE p.id = NEW.package_id AND (a.standing <> 'good' OR p.dispute IN ('open', 'lost')));
END;
-- +goose StatementEnd
DROP TRIGGER refunds_start;
-- +goose StatementBegin
CREATE TRIGGER refunds_start BEFORE INSERT ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition') WHERE NEW.state <> 'submitted' OR NEW.approved IS NOT NULL OR NEW.version <> 1;
    SELECT RAISE(ABORT, 'refund-package') WHERE NOT EXISTS (
        SELECT 1 FROM packages WHERE id = NEW.package_id AND account_id = NEW.account_id AND currency = NEW.currency);
END;
-- +goose StatementEnd
DROP TRIGGER refunds_transition;
-- +goose StatementBegin
CREATE TRIGGER refunds_transition BEFORE UPDATE ON refunds
BEGIN
    SELECT RAISE(ABORT, 'illegal-transition')
     WHERE OLD.state IN ('credited', 'rejected', 'withdrawn')
        OR (NEW.state <> OLD.state AND NOT EXISTS (
            SELECT 1 FROM refund_transitions WHERE old_state = OLD.state AND new_state = NEW.state))
        OR (NEW.state = OLD.state AND NEW.held_from <> OLD.held_from)
        OR (OLD.state = 'on_hold' AND NEW.state NOT IN ('on_hold', 'rejected', 'withdrawn') AND NEW.state <> OLD.held_from)
        OR (OLD.state <> 'on_hold' AND NEW.state = 'on_hold' AND NEW.held_from <> OLD.state);
    SELECT RAISE(ABORT, 'refund-fixed')
     WHERE NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.package_id <> OLD.package_id OR NEW.requested_by <> OLD.requested_by
        OR NEW.reason_code <> OLD.reason_code OR NEW.note_id <> OLD.note_id OR NEW.currency <> OLD.currency
        OR NEW.quote_amount <> OLD.quote_amount OR NEW.quote_paid <> OLD.quote_paid OR NEW.quote_face <> OLD.quote_face
        OR NEW.quote_remaining <> OLD.quote_remaining OR (OLD.approved IS NOT NULL AND NEW.approved IS NOT OLD.approved);
    SELECT RAISE(ABORT, 'refund-version') WHERE NEW.version <> OLD.version + 1;
END;
-- +goose StatementEnd
DROP TRIGGER refunds_approved;
-- +goose StatementBegin
CREATE TRIGGER refunds_approved BEFORE UPDATE ON refunds WHEN NEW.approved IS NOT NULL AND OLD.approved IS NULL
BEGIN
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE NEW.state <> 'crediting' OR OLD.state NOT IN ('screening', 'in_review')
        OR (OLD.state = 'screening' AND NEW.verdict <> 'approve');
    SELECT RAISE(ABORT, 'refund-unapproved')
     WHERE OLD.state = 'in_review' AND (
           (SELECT count(DISTINCT d.voter) FROM tickets t JOIN decisions d ON d.ticket_id = t.id AND d.refund_id = t.refund_id
             WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'approve')
           < coalesce((SELECT max(approvals) FROM tickets WHERE refund_id = NEW.id AND queue <> 'attention'), 1)
        OR EXISTS (SELECT 1 FROM tickets t JOIN decisions d ON d.ticket_id = t.id
                    WHERE t.refund_id = NEW.id AND t.queue <> 'attention' AND d.vote = 'reject'));
END;
-- +goose StatementEnd
DROP TRIGGER decisions_not_own;
-- +goose StatementBegin
CREATE TRIGGER decisions_not_own BEFORE INSERT ON decisions
BEGIN
    SELECT RAISE(ABORT, 'self-approval') WHERE EXISTS (
        SELECT 1 FROM refunds WHERE id = NEW.refund_id AND (requested_by = NEW.voter OR account_id = NEW.voter_account));
    SELECT RAISE(ABORT, 'ticket-closed') WHERE NOT EXISTS (
        SELECT 1 FROM tickets WHERE id = NEW.ticket_id AND refund_id = NEW.refund_id AND state = 'open');
END;
-- +goose StatementEnd
