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

// Packages come in lots: so many customers with so many packages each. A lot's customers
// take turns, and they are more than there are clients, so that no two refunds in flight
// credit the same balance. Nobody has more packages than one may have refunded in a month
// without a person looking at it.
const (
	accounts = 256
	each     = 3
	lot      = accounts * each
)

// bought is a package that nobody has asked a refund for yet, with its owner's client.
type bought struct {
	id    string
	owner *client.ClientWithResponses
}

// stock has packages ready to be refunded. Each can be used once.
type stock struct {
	records *store.Store
	url     string // of the API
	tokens  *issuer
	lots    int // made so far
	ready   chan bought
	http    *http.Client
	// fastest is how many refunds a second to be prepared for.
	fastest float64
}

const (
	stockSize  = 85 * lot
	firstGuess = 300 // refunds a second, before any were seen
)

func newStock(records *store.Store, url string, tokens *issuer) *stock {
	transport := &http.Transport{MaxIdleConnsPerHost: accounts} // no client has to connect again
	return &stock{
		records: records, url: url, tokens: tokens, ready: make(chan bought, stockSize+lot),
		http: &http.Client{Transport: transport}, fastest: firstGuess,
	}
}

// fill makes lots until that many packages are ready.
func (s *stock) fill(ctx context.Context, want int) error {
	for want = min(want, stockSize); len(s.ready) < want; {
		if err := s.makeLot(ctx); err != nil {
			return fmt.Errorf("make packages: %w", err)
		}
	}
	return nil
}

// makeLot makes customers and packages that the policy the program ships with has nothing
// against: old accounts that nothing links, packages bought long ago, small amounts.
func (s *stock) makeLot(ctx context.Context) error {
	now := time.Now().UTC()
	people := make([]refund.Account, accounts)
	owners := make([]*client.ClientWithResponses, accounts)
	for i := range people {
		n := s.lots*accounts + i
		people[i] = refund.Account{
			ID: fmt.Sprintf("acct_bench_%d", n), Name: fmt.Sprintf("Customer %d", n), Email: fmt.Sprintf("customer%d@bench.invalid", n),
			Locale: refund.English, Standing: refund.Good, RegisteredAt: now.AddDate(-2, 0, 0),
		}
		token, err := s.tokens.customer(people[i].ID)
		if err != nil {
			return err
		}
		if owners[i], err = client.NewClientWithResponses(s.url, client.WithBearer(token), client.WithHTTPClient(s.http)); err != nil {
			return err
		}
	}
	if _, err := s.records.ImportAccounts(ctx, people, func(int) {}); err != nil {
		return err
	}
	packages := make([]refund.Package, lot)
	for i := range packages {
		paid := int64(10+i%90) * money.Scale
		packages[i] = refund.Package{
			ID: fmt.Sprintf("pkg_bench_%d", s.lots*lot+i), AccountID: people[i%accounts].ID, Product: refund.GlobalSMS, Name: "Global SMS",
			Currency: "USD", Paid: paid, Face: paid, Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: now.AddDate(0, -6, 0),
		}
	}
	if _, err := s.records.ImportPackages(ctx, packages, func(int) {}); err != nil {
		return err
	}
	for i, p := range packages {
		s.ready <- bought{id: p.ID, owner: owners[i%accounts]}
	}
	s.lots++
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
