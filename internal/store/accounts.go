package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// The refusals to create what is there already, with other content.
var (
	ErrAccountExists = fault.New(fault.Conflict, "account-exists", "There is another account with this id already.")
	ErrPackageExists = fault.New(fault.Conflict, "package-exists", "There is another package with this id already.")
)

// CreateAccount implements desk.Records. The same account again is the first one; another
// one under the same id is ErrAccountExists.
func (s *Store) CreateAccount(ctx context.Context, by identity.Actor, a refund.Account) (refund.Account, error) {
	if a.ID == "" {
		a.ID = newID("acct")
	}
	now := s.now()
	a.Standing, a.Version, a.CreatedAt, a.UpdatedAt = refund.Good, 1, now, now
	if a.RegisteredAt.IsZero() {
		a.RegisteredAt = now
	}
	err := s.write(ctx, func(tx *gorm.DB) error {
		row := accountRowOf(a)
		err := tx.Create(&row).Error
		if violates(err, "accounts_pkey", "accounts.id") {
			return ErrAccountExists.With(err)
		}
		if err != nil {
			return err
		}
		return writeEntries(tx, audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.AccountCreated, Object: audit.ObjectAccount, ObjectID: a.ID,
			ObjectVersion: 1, NewState: string(a.Standing), RequestID: audit.RequestOf(ctx),
		})
	})
	if errors.Is(err, ErrAccountExists) {
		if first, readErr := s.Account(ctx, a.ID); readErr == nil && sameAccount(first, a) {
			return first, nil
		}
	}
	return a, err
}

// sameAccount reports whether creating b found what creating a had left.
func sameAccount(a, b refund.Account) bool {
	return a.Name == b.Name && a.Email == b.Email && a.Phone == b.Phone && a.Payer == b.Payer && a.Locale == b.Locale &&
		(a.RegisteredAt.Equal(b.RegisteredAt) || b.RegisteredAt.Equal(b.CreatedAt))
}

// ChangeAccount implements desk.Records. A change of e-mail or phone is remembered with its time.
func (s *Store) ChangeAccount(ctx context.Context, by identity.Actor, id string, c desk.AccountChange) (refund.Account, error) {
	var row accountRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := s.lockAccount(tx, id, &row); err != nil {
			return err
		}
		now := s.now()
		old := row
		set := func(field *string, to *string) {
			if to != nil {
				*field = *to
			}
		}
		set(&row.Name, c.Name)
		set(&row.Email, c.Email)
		set(&row.Phone, c.Phone)
		set(&row.Payer, c.Payer)
		set(&row.Locale, c.Locale)
		if row == old {
			return nil
		}
		var changed []string
		for _, f := range []struct {
			name     string
			from, to string
		}{{"name", old.Name, row.Name}, {"email", old.Email, row.Email}, {"phone", old.Phone, row.Phone}, {"payer", old.Payer, row.Payer}, {"locale", old.Locale, row.Locale}} {
			if f.from != f.to {
				changed = append(changed, f.name)
			}
		}
		if old.Email != row.Email || old.Phone != row.Phone {
			row.ContactChangedAt = &now
		}
		row.UpdatedAt, row.Version = now, row.Version+1
		if err := tx.Save(&row).Error; err != nil {
			return err
		}
		return writeEntries(tx, audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.AccountChanged, Object: audit.ObjectAccount, ObjectID: id,
			ObjectVersion: row.Version, ReasonCode: strings.Join(changed, ","), RequestID: audit.RequestOf(ctx),
		})
	})
	return row.domain(), err
}

func (s *Store) lockAccount(tx *gorm.DB, id string, row *accountRow) error {
	*row = accountRow{}
	if err := tx.Raw(selectAccount+s.lock("FOR NO KEY UPDATE"), id).Scan(row).Error; err != nil {
		return err
	}
	if row.ID == "" {
		return desk.Missing(audit.ObjectAccount, id)
	}
	return nil
}

// SetStanding implements desk.Records. Every open refund of the account gets an intent in
// the same transaction, so that no workflow misses it.
func (s *Store) SetStanding(ctx context.Context, by identity.Actor, id string, to refund.Standing, reason string) (refund.Account, []desk.Intent, error) {
	var row accountRow
	var intents []desk.Intent
	err := s.write(ctx, func(tx *gorm.DB) error {
		intents = nil
		if err := s.lockAccount(tx, id, &row); err != nil {
			return err
		}
		old := row.Standing
		if old == string(to) && row.StandingReason == reason {
			return nil
		}
		row.Standing, row.StandingReason, row.UpdatedAt, row.Version = string(to), reason, s.now(), row.Version+1
		if err := tx.Save(&row).Error; err != nil {
			return err
		}
		if err := writeEntries(tx, audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.StandingChanged, Object: audit.ObjectAccount, ObjectID: id,
			ObjectVersion: row.Version, OldState: old, NewState: row.Standing, RequestID: audit.RequestOf(ctx),
		}); err != nil {
			return err
		}
		var err error
		intents, err = s.tellOpenRefunds(tx, desk.IntentStanding, "account_id = ?", id)
		return err
	})
	return row.domain(), intents, err
}

// tellOpenRefunds writes an intent for each open refund that where picks (a constant).
func (s *Store) tellOpenRefunds(tx *gorm.DB, kind desk.IntentKind, where string, arg string) ([]desk.Intent, error) {
	var ids []string
	err := tx.Raw("SELECT id FROM refunds WHERE "+where+" AND state NOT IN ('credited', 'rejected', 'withdrawn') ORDER BY id", arg).Scan(&ids).Error
	if err != nil {
		return nil, err
	}
	var intents []desk.Intent
	for _, id := range ids {
		intent := desk.Intent{ID: newID("intent"), Kind: kind, RefundID: id}
		row := intentOf(intent, s.now())
		if err := tx.Exec(row.sql, row.args...).Error; err != nil {
			return nil, err
		}
		intents = append(intents, intent)
	}
	return intents, nil
}

// Account implements desk.Records.
func (s *Store) Account(ctx context.Context, id string) (refund.Account, error) {
	var row accountRow
	if err := s.read(ctx).Raw(selectAccount, id).Scan(&row).Error; err != nil {
		return refund.Account{}, classify(err)
	}
	if row.ID == "" {
		return refund.Account{}, desk.Missing(audit.ObjectAccount, id)
	}
	return row.domain(), nil
}

// Balances implements desk.Records: the account balance in each currency that the account
// ever bought in; zero until something was credited.
func (s *Store) Balances(ctx context.Context, accountID string) ([]money.Money, error) {
	var rows []struct {
		Currency string
		Balance  int64
	}
	// Ids of customer accounts are derived, so the range of one account is a prefix; the
	// upper bound is the character after the slash.
	prefix := "customer/" + accountID
	err := s.read(ctx).Raw("SELECT currency, balance FROM ledger_accounts WHERE id >= ? AND id < ? ORDER BY currency", prefix+"/", prefix+"0").Scan(&rows).Error
	if err != nil {
		return nil, classify(err)
	}
	out := make([]money.Money, 0, len(rows))
	for _, r := range rows {
		out = append(out, money.Of(r.Balance, r.Currency))
	}
	return out, nil
}

type journalRow struct {
	ID          string
	Operation   string
	OperationID string
	Currency    string
	AccountID   string
	PackageID   string
	Reverses    *string
	CreatedAt   time.Time
}

// domain is the journal without its postings.
func (r journalRow) domain() ledger.Journal {
	j := ledger.Journal{
		ID: r.ID, Operation: ledger.Operation(r.Operation), OperationID: r.OperationID, Currency: r.Currency,
		AccountID: r.AccountID, PackageID: r.PackageID, CreatedAt: r.CreatedAt.UTC(),
	}
	if r.Reverses != nil {
		j.Reverses = *r.Reverses
	}
	return j
}

// Journals implements desk.Records: the journals of an account, newest first, with their postings.
func (s *Store) Journals(ctx context.Context, accountID string, p desk.Paging) (desk.Page[ledger.Journal], error) {
	return s.journals(ctx, "SELECT * FROM journals WHERE account_id = ?", []any{accountID}, p)
}

// Movements implements desk.Records: the journals that moved the balance of an account.
func (s *Store) Movements(ctx context.Context, accountID string, p desk.Paging) (desk.Page[ledger.Journal], error) {
	return s.journals(ctx, `SELECT * FROM journals WHERE account_id = ? AND operation IN ('refund', 'reversal')
		AND EXISTS (SELECT 1 FROM postings p WHERE p.journal_id = journals.id AND p.ledger_account = CAST(? AS text) || journals.currency)`,
		[]any{accountID, ledger.CustomerAccount(accountID, "")}, p)
}

// journals gives a page of what the query finds.
func (s *Store) journals(ctx context.Context, query string, args []any, p desk.Paging) (desk.Page[ledger.Journal], error) {
	if p.Cursor != "" {
		c, err := parseCursor(p.Cursor)
		if err != nil {
			return desk.Page[ledger.Journal]{}, err
		}
		query, args = query+" AND id < ?", append(args, c.ID)
	}
	limit := limitOf(p)
	var rows []journalRow
	if err := s.read(ctx).Raw(query+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[ledger.Journal]{}, classify(err)
	}
	page := pageOf(rows, limit, journalRow.domain, func(r journalRow) cursor { return cursor{ID: r.ID} })
	return page, s.fillPostings(ctx, page.Items)
}

func (s *Store) fillPostings(ctx context.Context, journals []ledger.Journal) error {
	if len(journals) == 0 {
		return nil
	}
	at := make(map[string]int, len(journals))
	ids := make([]string, len(journals))
	for i, j := range journals {
		at[j.ID], ids[i] = i, j.ID
	}
	var rows []struct {
		JournalID     string
		LedgerAccount string
		Micros        int64
	}
	if err := s.read(ctx).Raw("SELECT journal_id, ledger_account, micros FROM postings WHERE journal_id IN ? ORDER BY journal_id, n", ids).Scan(&rows).Error; err != nil {
		return classify(err)
	}
	for _, r := range rows {
		j := &journals[at[r.JournalID]]
		j.Postings = append(j.Postings, ledger.Posting{Account: r.LedgerAccount, Micros: r.Micros})
	}
	return nil
}
