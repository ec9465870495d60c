package audit

import (
	"cmp"
	"math/big"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// dossier is everything that there is about a refund.
type dossier struct {
	desk.RefundView
	Account   refund.Account
	Package   desk.PackageView
	History   desk.HistoryView
	Screening *desk.ScreeningView // nil: it was not screened
	Policy    *desk.PolicyVersion // that it was screened by; nil when it is not kept
	Journals  []ledger.Journal
	Notices   []desk.NoticeView
	Tickets   []desk.CaseView // its cases and the questions about it
	Appealed  string          // the refund that appeals this one; empty for none
}

// mostTickets is how many cases and questions of a refund are shown.
const mostTickets = 200

// read puts together what there is about a refund. What it never had is left out; whatever
// else cannot be read is an error, but for the engine: the dossier says when it was away.
func read(c *page.Context, id string) (d dossier, err error) {
	ctx, of := c.Ctx(), c.Desk
	if d.RefundView, err = of.Refund(ctx, c.Actor, id); err != nil {
		return d, err
	}
	if d.History, err = of.History(ctx, c.Actor, id); err != nil {
		return d, err
	}
	if d.Account, err = of.Account(ctx, c.Actor, d.AccountID); err != nil {
		return d, err
	}
	if d.Package, err = of.Package(ctx, c.Actor, d.PackageID); err != nil {
		return d, err
	}
	if d.Screening, err = have(of.Screening(ctx, c.Actor, id)); err != nil {
		return d, err
	}
	if version := d.judgedBy(); version != "" {
		if d.Policy, err = have(of.Policy(ctx, c.Actor, version)); err != nil {
			return d, err
		}
	}
	if d.Journals, err = of.RefundJournals(ctx, c.Actor, id); err != nil {
		return d, err
	}
	if d.Notices, err = of.RefundNotices(ctx, c.Actor, id); err != nil {
		return d, err
	}
	tickets, err := of.Tickets(ctx, c.Actor, desk.TicketFilter{RefundID: id, Sort: desk.SortNewest, Paging: desk.Paging{Limit: mostTickets}})
	if d.Tickets = tickets.Items; err != nil || d.State != refund.Rejected {
		return d, err
	}
	d.Appealed, err = of.AppealedBy(ctx, c.Actor, d.Refund)
	return d, err
}

// have is nil for what is not there.
func have[T any](value T, err error) (*T, error) {
	if err != nil {
		if fault.From(err).Kind == fault.NotFound {
			return nil, nil //nolint:nilnil // not there is an answer
		}
		return nil, err
	}
	return &value, nil
}

// judgedBy is the version of the policy that the refund was screened by.
func (d dossier) judgedBy() string {
	if d.Screening != nil {
		return d.Screening.PolicyVersion
	}
	return d.PolicyVersion
}

// ticketOf is a case of the refund, where its notes can be read; "" when it never had one.
func (d dossier) ticketOf() string {
	for _, t := range d.Tickets {
		if t.Ticket.Kind == "refund" {
			return t.Ticket.ID
		}
	}
	return ""
}

// line is a posting as books have it: what an account has more is its credit, what it has
// less its debit. One of the two is nil.
type line struct {
	Account       string
	Debit, Credit *money.Money
}

// book is a journal with its sums, which are one and the same when it is balanced.
type book struct {
	ledger.Journal
	Lines         []line
	Debit, Credit money.Money
	Balanced      bool
}

func bookOf(j ledger.Journal) book {
	b := book{Journal: j}
	debit, credit := new(big.Int), new(big.Int)
	for _, p := range j.Postings {
		m := money.Of(p.Micros, j.Currency)
		l := line{Account: p.Account, Credit: &m}
		sum := credit
		if p.Micros < 0 {
			m.Micros = -m.Micros
			l.Debit, l.Credit, sum = &m, nil, debit
		}
		sum.Add(sum, big.NewInt(m.Micros))
		b.Lines = append(b.Lines, l)
	}
	b.Debit, b.Credit = money.Of(debit.Int64(), j.Currency), money.Of(credit.Int64(), j.Currency)
	b.Balanced = debit.Cmp(credit) == 0
	return b
}

// sources of what happened.
const (
	sourceAudit  = "audit"
	sourceEngine = "engine"
)

// happened is one thing of the history, with its number in the whole.
type happened struct {
	N int
	desk.HistoryItem
}

func (h happened) source() string {
	if h.Event != nil {
		return sourceEngine
	}
	return sourceAudit
}

// from are the things of one source; of all when it is empty.
func (d dossier) from(source string) []happened {
	var out []happened
	for i, item := range d.History.Items {
		if h := (happened{i + 1, item}); source == "" || h.source() == source {
			out = append(out, h)
		}
	}
	return out
}

// momentsAPage is how many things of a history a page shows; a copy has them all.
const momentsAPage = 100

// part is what a page shows of the history: of one source or of all, a page's worth of it.
type part struct {
	Source string // empty for all
	Items  []happened
	From   int // how many come before
	All    int
}

// partOf is the page of the source's history that the thing after the first from is on.
func (d dossier) partOf(source string, from int) part {
	all := d.from(source)
	p := part{Source: source, All: len(all)}
	if from > 0 && from < p.All {
		p.From = from / momentsAPage * momentsAPage
	}
	p.Items = all[p.From:min(p.From+momentsAPage, p.All)]
	return p
}

// events is how many of them are the engine's.
func (d dossier) events() int { return len(d.from(sourceEngine)) }

// packageName is what the package is called.
func (d dossier) packageName() string { return cmp.Or(d.Package.Name, d.PackageID) }
