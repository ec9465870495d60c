package demo_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/devstack/demo"
	"refunddesk/internal/importer"
	"refunddesk/internal/importer/importertest"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// today is a day on which the demo is looked at; it holds for the next twenty years.
var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func load(t *testing.T) *importertest.Memory {
	t.Helper()
	m := importertest.New()
	_, err := demo.Load(t.Context(), m, io.Discard)
	require.NoError(t, err)
	return m
}

func TestLoad(t *testing.T) {
	m := importertest.New()
	first, err := demo.Load(t.Context(), m, io.Discard)
	require.NoError(t, err)
	require.Equal(t, importer.Result{New: 40}, first.Accounts)
	require.Equal(t, importer.Result{New: 200}, first.Packages)
	require.Greater(t, first.Usage.New, 500)

	again, err := demo.Load(t.Context(), m, io.Discard)
	require.NoError(t, err)
	require.Equal(t, importer.Result{Same: 40}, again.Accounts)
	require.Equal(t, importer.Result{Same: 200}, again.Packages)
	require.Equal(t, importer.Result{Same: first.Usage.New}, again.Usage)
}

func TestEveryKindOfCaseIsThere(t *testing.T) {
	m := load(t)
	count := map[string]int{}
	for _, a := range m.Accounts {
		count["account "+string(a.Standing)]++
		count["account "+a.Locale]++
		host := a.Email[strings.IndexByte(a.Email, '@')+1:]
		require.Regexp(t, `(^|\.)example\.(com|cn)$`, host, "nobody gets a mail by accident")
	}
	for _, p := range m.Packages {
		count[p.Currency]++
		count["dispute "+string(p.Dispute)]++
		count[string(p.Status(today))]++
		switch {
		case p.Paid == 0:
			count["given away"]++
		case p.Paid < p.Face:
			count["discounted"]++
		}
		if p.Quote().Used {
			count["used"]++
		} else {
			count["unused"]++
		}
		if reason := refund.Check(m.Accounts[p.AccountID].Standing, p, today).Reason; reason != "" {
			count[reason]++
		}
	}
	for what, least := range map[string]int{
		"account good": 30, "account suspended": 2, "account terminated": 1, "account en": 10, "account zh-Hans": 10,
		"USD": 50, "CNY": 30, "EUR": 30, "dispute open": 3, "dispute lost": 3, "dispute won": 1,
		"active": 100, "exhausted": 5, "expired": 5, "given away": 2, "discounted": 10, "used": 50, "unused": 20,
		"account-suspended": 1, "account-terminated": 1, "nothing-to-refund": 5, "package-expired": 5, "dispute-lost": 2,
	} {
		require.GreaterOrEqual(t, count[what], least, what)
	}
}

func TestTheDemoPeopleHaveSomethingToTryForEveryRule(t *testing.T) {
	m := load(t)
	for account, prefix := range map[string]string{"acct_demo": "pkg_demo_", "acct_demo2": "pkg_demo2_"} {
		a := m.Accounts[account]
		require.Equal(t, refund.Good, a.Standing)
		require.True(t, a.RegisteredAt.AddDate(1, 0, 0).Before(today))
		refundable := 0
		for _, p := range m.Packages {
			if p.AccountID == account && p.Currency == "USD" && p.Dispute == refund.NoDispute && refund.Check(a.Standing, p, today.AddDate(15, 0, 0)).Eligible && p.Quote().Amount.Micros < 1000*money.Scale {
				refundable++
			}
		}
		require.GreaterOrEqual(t, refundable, 8, "small USD refunds of %s, even in fifteen years", account)

		quote := func(name string) refund.Quote {
			p, ok := m.Packages[prefix+name]
			require.True(t, ok, name)
			require.Equal(t, account, p.AccountID)
			return p.Quote()
		}
		require.Equal(t, money.Units(100, "USD"), quote("unused_4").Amount)
		used := quote("used_1")
		require.Equal(t, used.Remaining, used.Amount)
		require.Positive(t, used.Consumed.Micros)
		discount := quote("discount_1")
		require.Equal(t, money.Units(80, "USD"), discount.Amount, "what was paid, not the balance of 100")
		require.Equal(t, money.Units(20, "USD"), discount.Gift)
		require.True(t, quote("exhausted_1").Amount.IsZero())
		require.Greater(t, quote("large_1").Amount.Micros, int64(1000*money.Scale))
		require.Equal(t, refund.DisputeOpen, m.Packages[prefix+"dispute_open_1"].Dispute)
		require.Equal(t, refund.DisputeLost, m.Packages[prefix+"dispute_lost_1"].Dispute)
		require.Equal(t, refund.Expired, m.Packages[prefix+"expired_1"].Status(today))
		require.Equal(t, "CNY", quote("cny_1").Amount.Currency)
		require.Equal(t, "EUR", quote("eur_1").Amount.Currency)
	}
}

// Usage is priced from the list: cost = messages × price of the country × the demo's rate.
func TestUsageIsPricedFromTheList(t *testing.T) {
	prices := map[string]int64{}
	for _, row := range readCSV(t, "prices.csv")[1:] {
		micros, err := money.ParseMicros(row[3])
		require.NoError(t, err)
		prices[row[1]] = micros
	}
	m := load(t)
	rate := map[string]struct{ times, by int64 }{"USD": {1, 1}, "CNY": {72, 10}, "EUR": {9, 10}}
	countries := map[string]bool{}
	for i, row := range readCSV(t, "export/usage.csv")[1:] { // id, package_id, cost, occurred_at, country, messages
		u := m.Usage[row[0]]
		n, err := strconv.ParseInt(row[5], 10, 64)
		require.NoError(t, err)
		r := rate[u.Currency]
		require.Equal(t, n*prices[row[4]]*r.times/r.by, u.Cost, fmt.Sprintf("line %d", i+2))
		require.True(t, u.OccurredAt.Before(today))
		countries[row[4]] = true
	}
	require.Greater(t, len(countries), 10)
}

func readCSV(t *testing.T, file string) [][]string {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	require.NoError(t, err)
	return rows
}
