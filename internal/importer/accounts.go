package importer

import (
	"refunddesk/internal/refund"
)

// The columns of accounts.csv.
const (
	accountID = iota
	accountName
	accountEmail
	accountPhone
	accountPayer
	accountLocale
	accountStanding
	accountStandingReason
	accountRegisteredAt
)

var accountColumns = []column{
	accountID:             {name: "id"},
	accountName:           {name: "name"},
	accountEmail:          {name: "email"},
	accountPhone:          {name: "phone"},
	accountPayer:          {name: "payer"},
	accountLocale:         {name: "locale"},
	accountStanding:       {name: "standing"},
	accountStandingReason: {name: "standing_reason"},
	accountRegisteredAt:   {name: "registered_at"},
}

// accounts is accounts.csv, read.
type accounts struct {
	table
	rows      []refund.Account
	lines     []int32
	mentioned map[string]int32 // id → first line, also of lines that are wrong otherwise
}

func newAccounts(file string, problems *Problems) *accounts {
	return &accounts{table: table{file: file, columns: accountColumns, problems: problems}, mentioned: map[string]int32{}}
}

func (a *accounts) row() {
	standing := refund.Standing(a.oneOf(accountStanding, string(refund.Good), string(refund.Suspended), string(refund.Terminated)))
	row := refund.Account{
		ID:             a.id(accountID),
		Name:           a.words(accountName, longestName, true),
		Email:          a.email(accountEmail),
		Phone:          a.phone(accountPhone),
		Payer:          a.words(accountPayer, longestPayer, false),
		Locale:         a.locale(),
		Standing:       standing,
		StandingReason: a.words(accountStandingReason, longestReason, standing == refund.Suspended || standing == refund.Terminated),
		RegisteredAt:   a.moment(accountRegisteredAt),
	}
	a.once(a.mentioned, accountID, row.ID)
	if a.sound {
		a.rows = append(a.rows, row)
		a.lines = append(a.lines, int32(a.line))
	}
}

// locale may be empty: then it is English.
func (a *accounts) locale() string {
	if a.text(accountLocale) == "" {
		return refund.English
	}
	return a.oneOf(accountLocale, refund.English, refund.SimplifiedChinese)
}

// once reports an id that an earlier line of the file has.
func (t *table) once(seen map[string]int32, i int, id string) {
	if first, again := seen[id]; again {
		t.fail(i, "%s is the id of line %d already", quoted(id), first)
		return
	}
	seen[id] = int32(t.line)
}
