package storetest

import (
	"pgregory.net/rapid"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// check holds the records against what may be, after each step of the walk.
func (m *model) check(t *rapid.T) {
	credited := m.checkRefunds(t)
	journals := m.checkLedger(t, credited)
	open := m.openRefunds(t)
	m.checkWords(t)
	for pkg, face := range m.packages {
		v, err := m.s.Package(m.ctx, pkg)
		m.must(t, err)
		left := face*money.Scale - m.used[pkg]
		switch {
		case credited[pkg] > 0 && (v.Recorded != refund.Refunded || v.Remaining != 0):
			t.Fatalf("%s was credited and is %s with %d", pkg, v.Recorded, v.Remaining)
		case credited[pkg] == 0 && v.Remaining != left:
			t.Fatalf("%s has %d instead of %d", pkg, v.Remaining, left)
		case (v.Recorded == refund.Frozen) != (open[pkg] != ""):
			t.Fatalf("%s is %s, its open refund %q", pkg, v.Recorded, open[pkg])
		case v.Recorded == refund.Refunded && credited[pkg] == 0:
			t.Fatalf("%s ended without a credit", pkg)
		case journals[pkg] != min(1, credited[pkg]):
			t.Fatalf("%s has %d credits in the ledger", pkg, journals[pkg])
		case credited[pkg] > m.paid[pkg]*money.Scale:
			t.Fatalf("%s returned %d of %d paid", pkg, credited[pkg], m.paid[pkg])
		}
	}
}

// checkRefunds returns what was credited, by package.
func (m *model) checkRefunds(t *rapid.T) map[string]int64 {
	credited := map[string]int64{}
	for _, r := range m.all(t) {
		id := r.ID
		if m.checked[id] != r.Version { // what belongs to a refund changes with it
			m.checkRecord(t, r)
			m.checkTicket(t, r)
			m.checked[id] = r.Version
		}
		if r.Approved != nil && r.Approved.Micros > r.Quote.Amount.Micros {
			t.Fatalf("%s: %v approved of %v", id, r.Approved, r.Quote.Amount)
		}
		if (r.State == refund.OnHold) != (len(r.HoldCauses) > 0) || (r.State == refund.OnHold) != (r.HeldFrom != "") {
			t.Fatalf("%s is %s for %v from %q", id, r.State, r.HoldCauses, r.HeldFrom)
		}
		if (r.State == refund.Rejected) != (r.Outcome != "") {
			t.Fatalf("%s is %s for %q", id, r.State, r.Outcome)
		}
		if r.State != refund.Credited {
			continue
		}
		if credited[r.PackageID] > 0 {
			t.Fatalf("%s was credited twice", r.PackageID)
		}
		if r.Amount.Micros > r.Approved.Micros {
			t.Fatalf("%s: %v credited of %v approved", id, r.Amount, r.Approved)
		}
		credited[r.PackageID] = r.Amount.Micros
	}
	return credited
}

// checkRecord expects an entry for each version of the refund, and each arrow in the table.
func (m *model) checkRecord(t *rapid.T, r refund.Refund) {
	entries, err := m.s.Entries(m.ctx, r.ID)
	m.must(t, err)
	state, version := refund.State(""), int64(0)
	for _, e := range entries {
		if e.Object != audit.ObjectRefund {
			continue
		}
		version++
		from, to := refund.State(e.OldState), refund.State(e.NewState)
		switch {
		case e.ObjectVersion != version:
			t.Fatalf("%s: the entry of version %d tells of %d", r.ID, version, e.ObjectVersion)
		case from != state:
			t.Fatalf("%s was %q and left %q", r.ID, state, from)
		case version == 1 && to != refund.Submitted, from != "" && from != to && !from.CanBecome(to):
			t.Fatalf("%s went from %q to %q", r.ID, from, to)
		}
		state = to
	}
	if state != r.State || version != r.Version {
		t.Fatalf("%s is %s in version %d, its entries end with %s in %d", r.ID, r.State, r.Version, state, version)
	}
}

func (m *model) openTickets(t *rapid.T, refundID string) []review.Ticket {
	page, err := m.s.Tickets(m.ctx, desk.TicketFilter{RefundID: refundID, State: review.Open})
	m.must(t, err)
	out := make([]review.Ticket, len(page.Items))
	for i, v := range page.Items {
		out[i] = v.Ticket
	}
	return out
}

func (m *model) checkTicket(t *rapid.T, r refund.Refund) {
	open := m.openTickets(t, r.ID)
	from := r.State
	if from == refund.OnHold {
		from = r.HeldFrom
	}
	wanted := from == refund.InReview || from == refund.AwaitingCustomer || from == refund.NeedsAttention
	if wanted != (len(open) == 1) || len(open) > 1 {
		t.Fatalf("%s is %s and has %d open tickets", r.ID, r.State, len(open))
	}
	for _, k := range open {
		if k.Waiting() != (from == refund.AwaitingCustomer) {
			t.Fatalf("%s is %s from %q, its ticket waits for the customer: %t", r.ID, r.State, r.HeldFrom, k.Waiting())
		}
		running := !k.Clock.Since.IsZero()
		if running != (r.State == refund.InReview || r.State == refund.NeedsAttention) {
			t.Fatalf("the clock of %s runs: %t, the refund is %s", k.ID, running, r.State)
		}
	}
	decisions, err := m.s.Decisions(m.ctx, r.ID)
	m.must(t, err)
	for _, d := range decisions {
		if d.Voter.Subject == r.RequestedBy || d.Voter.AccountID == r.AccountID {
			t.Fatalf("%s decided on his own %s", d.Voter.Subject, r.ID)
		}
	}
	m.checkAppeal(t, r, decisions)
}

// checkAppeal expects an appeal to be the only one of a rejection, and reviewed by others.
func (m *model) checkAppeal(t *rapid.T, r refund.Refund, decisions []review.Decision) {
	if r.AppealOf == "" {
		return
	}
	first := m.refund(t, r.AppealOf)
	if first.State != refund.Rejected || first.AppealOf != "" {
		t.Fatalf("%s appeals %s, which is %s and an appeal of %q", r.ID, first.ID, first.State, first.AppealOf)
	}
	for _, other := range m.all(t) {
		if other.ID != r.ID && other.AppealOf == r.AppealOf {
			t.Fatalf("%s and %s appeal the same", r.ID, other.ID)
		}
	}
	if r.Approved != nil && len(decisions) == 0 {
		t.Fatalf("%s, an appeal, was approved by nobody", r.ID)
	}
	before, err := m.s.Decisions(m.ctx, first.ID)
	m.must(t, err)
	for _, d := range decisions {
		for _, b := range before {
			if b.Voter.Subject == d.Voter.Subject {
				t.Fatalf("%s decided %s and its appeal", d.Voter.Subject, first.ID)
			}
		}
	}
}

// checkWords expects that what was to reach the customer was said once.
func (m *model) checkWords(t *rapid.T) {
	tickets, err := m.s.Tickets(m.ctx, desk.TicketFilter{AccountID: m.customer.AccountID, Paging: desk.Paging{Limit: 200}})
	m.must(t, err)
	ids := make([]string, len(tickets.Items))
	for i, v := range tickets.Items {
		ids[i] = v.Ticket.ID
	}
	messages, err := m.s.Messages(m.ctx, true, ids...)
	m.must(t, err)
	said := 0
	for _, message := range messages {
		if message.ByStaff {
			said++
		}
	}
	if said != m.said {
		t.Fatalf("%d messages were to be sent, %d are there", m.said, said)
	}
}

// checkLedger expects balanced journals and balances that are sums, and counts the credits
// of each package.
func (m *model) checkLedger(t *rapid.T, credited map[string]int64) map[string]int64 {
	sums, credits := map[string]int64{}, map[string]int64{}
	cursor := ""
	for {
		page, err := m.s.Journals(m.ctx, m.customer.AccountID, desk.Paging{Limit: 200, Cursor: cursor})
		m.must(t, err)
		for _, j := range page.Items {
			m.must(t, j.Validate())
			if j.Operation == ledger.Refund {
				credits[j.PackageID]++
			}
			for _, p := range j.Postings {
				sums[p.Account] += p.Micros
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	total := int64(0)
	for _, amount := range credited {
		total += amount
	}
	balances, err := m.s.Balances(m.ctx, m.customer.AccountID)
	m.must(t, err)
	balance := int64(0)
	for _, b := range balances {
		balance += b.Micros
	}
	if balance != total || sums[ledger.CustomerAccount(m.customer.AccountID, "USD")] != total {
		t.Fatalf("%d was credited, the balance is %v, the postings say %v", total, balances, sums)
	}
	all := int64(0)
	for account, sum := range sums {
		all += sum
		if sum < 0 && account != ledger.ClearingAccount("USD") && account != ledger.PromotionAccount("USD") {
			t.Fatalf("%s has %d", account, sum)
		}
	}
	if all != 0 {
		t.Fatalf("the ledger sums to %d", all)
	}
	return credits
}
