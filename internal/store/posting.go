package store

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/ledger"
)

// journalOf gives the two statements that post a journal: its head, and its postings.
func journalOf(j ledger.Journal, now time.Time) (head, postings *statement, err error) {
	if err := j.Validate(); err != nil {
		return nil, nil, err
	}
	var reverses *string
	if j.Reverses != "" {
		reverses = &j.Reverses
	}
	id := newID("journal")
	values := make([]any, 0, 4*len(j.Postings))
	for n, p := range j.Postings {
		values = append(values, id, n, p.Account, p.Micros)
	}
	head = insert("journals", "id operation operation_id currency account_id package_id reverses input_hash created_at",
		id, string(j.Operation), j.OperationID, j.Currency, j.AccountID, j.PackageID, reverses, j.InputHash(), now)
	return head, insert("postings", "journal_id n ledger_account micros", values...), nil
}

// post writes a journal; the same operation again with the same input is the first one.
func post(tx *gorm.DB, j ledger.Journal, now time.Time) error {
	head, postings, err := journalOf(j, now)
	if err != nil {
		return err
	}
	res := tx.Exec(head.sql+" ON CONFLICT (operation, operation_id) DO NOTHING", head.args...)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		var hash string
		if err := tx.Raw("SELECT input_hash FROM journals WHERE operation = ? AND operation_id = ?", string(j.Operation), j.OperationID).Scan(&hash).Error; err != nil {
			return err
		}
		if hash != j.InputHash() {
			return fault.New(fault.Conflict, "journal-mismatch", "The operation was posted before with another input.")
		}
		return nil
	}
	return tx.Exec(postings.sql, postings.args...).Error
}

// entriesOf gives the statement that appends to the audit log; there is at least one entry.
func entriesOf(entries ...audit.Entry) *statement {
	var values []any
	for _, e := range entries {
		row := auditRowOf(e)
		values = append(values, row.fields()...)
	}
	return insert("audit_entries", auditColumns, values...)
}

// writeEntries appends to the audit log, in the transaction of the change.
func writeEntries(tx *gorm.DB, entries ...audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	s := entriesOf(entries...)
	if err := tx.Exec(s.sql, s.args...).Error; err != nil {
		return fmt.Errorf("audit entry: %w", err)
	}
	return nil
}
