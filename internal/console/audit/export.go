package audit

import (
	"encoding/json"
	"strconv"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// The formats of a copy. Names of columns and fields are the same in every language: what is
// taken away is read by programs, too.
const (
	formatCSV    = "csv"
	formatNDJSON = "ndjson"
)

// batch is how many refunds are read at a time.
const batch = 200

// sink takes the rows of a copy away. Only lines of NDJSON have a kind and values of their own.
type sink interface {
	write(row row) error
	close() error
}

// row is one line of a copy: its cells in the order of the header, and its object for NDJSON.
type row struct {
	cells  []string
	object any
}

// begin starts the copy of what there is under the name; the header is for CSV.
func begin(c *page.Context, format, name string, header []string) (sink, error) {
	if format == formatNDJSON {
		page.Download(c, "application/x-ndjson; charset=utf-8", name+".ndjson")
		return &lines{c: c}, nil
	}
	s := sheet{page.CSV(c, name+".csv")}
	return s, s.Write(header...)
}

type sheet struct{ *page.CSVWriter }

func (s sheet) write(r row) error { return s.Write(r.cells...) }
func (s sheet) close() error      { return s.Close() }

type lines struct {
	c       *page.Context
	pending int
}

func (l *lines) write(r row) error {
	text, err := json.Marshal(r.object)
	if err != nil {
		return err
	}
	if _, err := l.c.Writer().Write(append(text, '\n')); err != nil {
		return err
	}
	if l.pending++; l.pending >= batch {
		return l.close()
	}
	return nil
}

func (l *lines) close() error {
	l.pending = 0
	page.Flush(l.c)
	return l.c.Ctx().Err()
}

var errFormat = fault.InvalidField("format", "is csv or ndjson")

// formatOf is the format that is asked for. Errors: a fault naming format.
func formatOf(c *page.Context) (string, error) {
	switch format := c.Query("format"); format {
	case formatCSV, formatNDJSON:
		return format, nil
	}
	return "", errFormat
}

// found is a refund as a copy of a search has it.
type found struct {
	RefundID      string       `json:"refund_id"`
	FiledAt       time.Time    `json:"filed_at"`
	AccountID     string       `json:"account_id"`
	PackageID     string       `json:"package_id"`
	RequestedBy   string       `json:"requested_by"`
	ReasonCode    string       `json:"reason_code"`
	State         string       `json:"state"`
	Quoted        money.Money  `json:"quoted"`
	Approved      *money.Money `json:"approved,omitempty"`
	Credited      *money.Money `json:"credited,omitempty"`
	Verdict       string       `json:"verdict,omitempty"`
	Outcome       string       `json:"outcome,omitempty"`
	PolicyVersion string       `json:"policy_version,omitempty"`
	PolicyDigest  string       `json:"policy_digest,omitempty"`
	ProviderFault bool         `json:"provider_fault"`
	AppealOf      string       `json:"appeal_of,omitempty"`
	WorkflowID    string       `json:"workflow_id"`
	UpdatedAt     time.Time    `json:"updated_at"`
}

var foundColumns = []string{
	"refund_id", "filed_at", "account_id", "package_id", "requested_by", "reason_code", "state", "currency", "quoted", "approved", "credited",
	"verdict", "outcome", "policy_version", "policy_digest", "provider_fault", "appeal_of", "workflow_id", "updated_at",
}

func foundOf(r refund.Refund) found {
	return found{
		RefundID: r.ID, FiledAt: r.CreatedAt, AccountID: r.AccountID, PackageID: r.PackageID, RequestedBy: r.RequestedBy, ReasonCode: string(r.ReasonCode),
		State: string(r.State), Quoted: r.Quote.Amount, Approved: r.Approved, Credited: r.Amount, Verdict: r.Verdict, Outcome: r.Outcome,
		PolicyVersion: r.PolicyVersion, PolicyDigest: r.PolicyDigest, ProviderFault: r.ProviderFault, AppealOf: r.AppealOf,
		WorkflowID: r.WorkflowID, UpdatedAt: r.UpdatedAt,
	}
}

func (f found) cells() []string {
	return []string{
		f.RefundID, stamp(f.FiledAt), f.AccountID, f.PackageID, f.RequestedBy, f.ReasonCode, f.State, f.Quoted.Currency, f.Quoted.Decimal(),
		decimal(f.Approved), decimal(f.Credited), f.Verdict, f.Outcome, f.PolicyVersion, f.PolicyDigest, strconv.FormatBool(f.ProviderFault),
		f.AppealOf, f.WorkflowID, stamp(f.UpdatedAt),
	}
}

// stamp is a moment as copies have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func decimal(m *money.Money) string {
	if m == nil {
		return ""
	}
	return m.Decimal()
}

// exportSearch gives a copy of all that a search finds. That it was taken is on the record
// before its first byte is on its way.
func exportSearch(c *page.Context) error {
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	a := askedIn(c.View, c.Request().URL.Query())
	if a.Form.Fault != nil {
		return a.Form.Fault
	}
	a.Search.Paging = desk.Paging{Limit: batch}
	page1, err := searchBatch(c, a.Search)
	if err != nil {
		return err
	}
	if err := c.Desk.RecordExport(c.Ctx(), c.Actor, desk.ExportRefunds, ""); err != nil {
		return err
	}
	if err := copyFound(c, format, a.Search, page1); err != nil {
		page.BreakOff(c, err)
	}
	return nil
}

func copyFound(c *page.Context, format string, s desk.RefundSearch, p desk.Page[refund.Refund]) error {
	to, err := begin(c, format, "refunddesk-refunds-"+c.Now.Format("20060102-150405"), foundColumns)
	if err != nil {
		return err
	}
	for {
		for _, r := range p.Items {
			f := foundOf(r)
			if err := to.write(row{f.cells(), f}); err != nil {
				return err
			}
		}
		if p.Next == "" {
			return to.close()
		}
		s.Cursor = p.Next
		if p, err = searchBatch(c, s); err != nil {
			return err
		}
	}
}

func searchBatch(c *page.Context, s desk.RefundSearch) (desk.Page[refund.Refund], error) {
	defer c.Limited()()
	return c.Desk.Search(c.Ctx(), c.Actor, s)
}
