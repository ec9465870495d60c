package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"refunddesk/api/client"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
)

// accounts is how many customers there are: more than clients, so that no two refunds in
// flight credit the same balance.
const accounts = 256

// bought is a package that nobody has asked a refund for yet, with its owner's client.
type bought struct {
	id    string
	owner *client.ClientWithResponses
}

// stock has packages ready to be refunded. Each can be used once.
type stock struct {
	records *store.Store
	owners  []*client.ClientWithResponses
	made    int
	ready   chan bought
	http    *http.Client
	// fastest is how many refunds a second to be prepared for.
	fastest float64
}

const (
	stockSize  = 1 << 16
	firstGuess = 300 // refunds a second, before any were seen
)

func newStock(ctx context.Context, records *store.Store, url string, tokens *issuer) (*stock, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: accounts} // no client has to connect again
	s := &stock{records: records, ready: make(chan bought, stockSize), http: &http.Client{Transport: transport}, fastest: firstGuess}
	rows := make([]refund.Account, accounts)
	for n := range rows {
		rows[n] = refund.Account{
			ID: accountID(n), Name: fmt.Sprintf("Customer %d", n), Email: fmt.Sprintf("customer%d@bench.invalid", n),
			Locale: refund.English, Standing: refund.Good, RegisteredAt: time.Now().UTC().AddDate(-2, 0, 0),
		}
		token, err := tokens.customer(rows[n].ID)
		if err != nil {
			return nil, err
		}
		owner, err := client.NewClientWithResponses(url, client.WithBearer(token), client.WithHTTPClient(s.http))
		if err != nil {
			return nil, err
		}
		s.owners = append(s.owners, owner)
	}
	_, err := records.ImportAccounts(ctx, rows, func(int) {})
	return s, err
}

func accountID(n int) string { return fmt.Sprintf("acct_bench_%d", n) }

// batch is how many packages one transaction makes.
const batch = 1000

// fill makes packages until that many are ready.
func (s *stock) fill(ctx context.Context, want int) error {
	want = min(want, stockSize)
	for missing := want - len(s.ready); missing > 0; missing = want - len(s.ready) {
		rows := make([]refund.Package, min(batch, missing))
		now := time.Now().UTC()
		for i := range rows {
			n := s.made + i
			// All of it below the amount that a person has to look at.
			paid := int64(10+n%90) * money.Scale
			rows[i] = refund.Package{
				ID: fmt.Sprintf("pkg_bench_%d", n), AccountID: accountID(n % accounts), Product: refund.GlobalSMS, Name: "Global SMS",
				Currency: "USD", Paid: paid, Face: paid, Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: now.Add(-time.Hour),
			}
		}
		if _, err := s.records.ImportPackages(ctx, rows, func(int) {}); err != nil {
			return fmt.Errorf("make packages: %w", err)
		}
		for i := range rows {
			s.ready <- bought{id: rows[i].ID, owner: s.owners[(s.made+i)%accounts]}
		}
		s.made += len(rows)
	}
	return nil
}

// errOutOfStock ends a segment early; what was measured until then counts.
var errOutOfStock = errors.New("every package of the stock is refunded")

func (s *stock) take() (bought, error) {
	select {
	case b := <-s.ready:
		return b, nil
	default:
		return bought{}, errOutOfStock
	}
}
