package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/review"
)

// Where a line of a refund's copy comes from, besides the two sources of its history.
const (
	fromRefund    = "refund"
	fromScreening = "screening"
	fromFact      = "fact"
	fromRule      = "rule"
	fromPolicy    = "policy"
	fromMessage   = "message"
	fromNote      = "note"
	fromVote      = "vote"
	fromJournal   = "journal"
	fromMail      = "mail"
	fromEngine    = "engine-state"
)

// record is one line of the copy of a refund's whole history. Every line has the same
// columns, so that a spreadsheet holds all of it; what only NDJSON can hold is Detail.
type record struct {
	Source         string       `json:"source"`
	At             *time.Time   `json:"at,omitempty"`
	Actor          string       `json:"actor,omitempty"`
	Role           string       `json:"role,omitempty"`
	Action         string       `json:"action,omitempty"`
	Object         string       `json:"object,omitempty"`
	ObjectID       string       `json:"object_id,omitempty"`
	ObjectVersion  int64        `json:"object_version,omitempty"`
	OldState       string       `json:"old_state,omitempty"`
	NewState       string       `json:"new_state,omitempty"`
	Amount         *money.Money `json:"amount,omitempty"`
	ReasonCode     string       `json:"reason_code,omitempty"`
	PolicyVersion  string       `json:"policy_version,omitempty"`
	PolicyDigest   string       `json:"policy_digest,omitempty"`
	DecisionDigest string       `json:"decision_digest,omitempty"`
	RequestID      string       `json:"request_id,omitempty"`
	WorkflowID     string       `json:"workflow_id,omitempty"`
	RunID          string       `json:"run_id,omitempty"`
	OperationID    string       `json:"operation_id,omitempty"`
	ID             string       `json:"id,omitempty"`
	Summary        string       `json:"summary,omitempty"`
	Detail         any          `json:"detail,omitempty"`
}

var recordColumns = []string{
	"source", "at", "actor", "role", "action", "object", "object_id", "object_version", "old_state", "new_state", "amount", "currency", "reason_code",
	"policy_version", "policy_digest", "decision_digest", "request_id", "workflow_id", "run_id", "operation_id", "id", "summary",
}

func (r record) cells() []string {
	at, version, currency := "", "", ""
	if r.At != nil {
		at = stamp(*r.At)
	}
	if r.ObjectVersion != 0 {
		version = strconv.FormatInt(r.ObjectVersion, 10)
	}
	if r.Amount != nil {
		currency = r.Amount.Currency
	}
	return []string{
		r.Source, at, r.Actor, r.Role, r.Action, r.Object, r.ObjectID, version, r.OldState, r.NewState, decimal(r.Amount), currency, r.ReasonCode,
		r.PolicyVersion, r.PolicyDigest, r.DecisionDigest, r.RequestID, r.WorkflowID, r.RunID, r.OperationID, r.ID, r.Summary,
	}
}

// exportHistory gives a copy of everything that there is about a refund. That it was taken is
// on the record before its first byte is on its way.
func exportHistory(c *page.Context) error {
	d, t, err := readWhole(c, c.Param("id"))
	if err != nil {
		return err
	}
	format, err := formatOf(c)
	if err != nil {
		return err
	}
	if err := c.Desk.RecordExport(c.Ctx(), c.Actor, desk.ExportRefund, d.ID); err != nil {
		return err
	}
	if err := copyDossier(c, format, d, t); err != nil {
		page.BreakOff(c, err)
	}
	return nil
}

// texts are what people wrote about a refund.
type texts struct {
	Messages []review.Message
	Notes    []desk.Note
}

// readWhole reads all of a copy before its first byte is on its way. A copy lasts, and its
// request has no deadline: reading has one.
func readWhole(c *page.Context, id string) (d dossier, t texts, err error) {
	defer c.Limited()()
	if d, err = read(c, id); err != nil {
		return d, t, err
	}
	t.Messages, t.Notes, err = c.Desk.RefundTexts(c.Ctx(), c.Actor, id)
	return d, t, err
}

func copyDossier(c *page.Context, format string, d dossier, t texts) error {
	to, err := begin(c, format, "refunddesk-"+d.ID, recordColumns)
	if err != nil {
		return err
	}
	for _, r := range slices.Concat(d.records(), d.judgement(), t.records()) {
		if err := to.write(row{r.cells(), r}); err != nil {
			return err
		}
	}
	return to.close()
}

// records are the lines of the copy: the refund as it stands, its history, then what belongs
// to it.
func (d dossier) records() []record {
	out := []record{{
		Source: fromRefund, At: &d.UpdatedAt, Actor: d.RequestedBy, Object: string(audit.ObjectRefund), ObjectID: d.ID, ObjectVersion: d.Version,
		NewState: string(d.State), Amount: new(d.Worth()), ReasonCode: string(d.ReasonCode), PolicyVersion: d.PolicyVersion, PolicyDigest: d.PolicyDigest,
		WorkflowID: d.WorkflowID, ID: d.ID, Summary: d.Outcome, Detail: foundOf(d.Refund),
	}}
	if !d.History.EngineAvailable {
		out = append(out, record{Source: fromEngine, Action: "unavailable", WorkflowID: d.WorkflowID})
	}
	for _, h := range d.from("") {
		out = append(out, historyRecord(h))
	}
	if s := d.Screening; s != nil {
		out = append(out, record{
			Source: fromScreening, At: &s.At, Action: string(s.Verdict), Object: string(audit.ObjectRefund), ObjectID: s.RefundID, ReasonCode: s.Outcome,
			PolicyVersion: s.PolicyVersion, PolicyDigest: s.PolicyDigest,
			Detail: struct {
				Facts    policy.Facts   `json:"facts"`
				Matches  []review.Match `json:"matches"`
				Replayed policy.Verdict `json:"replayed"`
				Same     bool           `json:"same"`
			}{s.Facts, s.Matches, s.Replayed, s.Same},
		})
	}
	for _, v := range d.Decisions {
		out = append(out, record{
			Source: fromVote, At: &v.CreatedAt, Actor: v.Voter.Subject, Role: string(v.Voter.MainRole()), Action: string(v.Vote), Object: string(audit.ObjectTicket),
			ObjectID: v.TicketID, ReasonCode: v.ReasonCode, DecisionDigest: v.Digest, ID: v.ID,
		})
	}
	for _, j := range d.Journals {
		out = append(out, postings(j)...)
	}
	for _, n := range d.Notices {
		sent := record{Source: fromMail, At: &n.UpdatedAt, Action: n.Event, Object: string(audit.ObjectRefund), ObjectID: d.ID, NewState: n.State, ID: n.ID}
		if n.TicketID != "" {
			sent.Object, sent.ObjectID = string(audit.ObjectTicket), n.TicketID
		}
		out = append(out, sent)
	}
	return out
}

func historyRecord(h happened) record {
	if e := h.Event; e != nil {
		return record{Source: h.source(), At: &e.At, Action: e.Type, RunID: e.RunID, ID: strconv.FormatInt(e.ID, 10), Summary: e.Summary}
	}
	e := h.Entry
	return record{
		Source: h.source(), At: &e.At, Actor: e.Actor, Role: string(e.Role), Action: string(e.Action), Object: string(e.Object), ObjectID: e.ObjectID,
		ObjectVersion: e.ObjectVersion, OldState: e.OldState, NewState: e.NewState, Amount: e.Amount, ReasonCode: e.ReasonCode, PolicyVersion: e.PolicyVersion,
		DecisionDigest: e.DecisionDigest, RequestID: e.RequestID, WorkflowID: e.WorkflowID, RunID: e.RunID, OperationID: e.OperationID, ID: e.ID,
	}
}

// judgement is what the refund was judged on, a line each: the facts as the record has them,
// the rules that matched, the policy as it was.
func (d dossier) judgement() []record {
	s := d.Screening
	if s == nil {
		return nil
	}
	of := record{At: &s.At, Object: string(audit.ObjectRefund), ObjectID: s.RefundID, PolicyVersion: s.PolicyVersion, PolicyDigest: s.PolicyDigest}
	var out []record
	add := func(source, action, summary string) {
		of.Source, of.Action, of.Summary = source, action, summary
		out = append(out, of)
	}
	for _, f := range rawFacts(s.Facts) {
		add(fromFact, f.name, f.value)
	}
	for _, m := range s.Matches {
		add(fromRule, m.Rule, "value: "+m.Value+"; threshold: "+m.Threshold+"; weight: "+strconv.Itoa(m.Weight)+"; "+m.Reason)
	}
	if p := d.Policy; p != nil {
		of.Object, of.ObjectID = string(audit.ObjectPolicy), p.Version
		add(fromPolicy, "source", p.Source)
	}
	return out
}

// rawFact is one of what a refund was judged on, as the record has it: amounts in micros of its
// currency, ages as durations.
type rawFact struct{ name, value string }

func rawFacts(f policy.Facts) []rawFact {
	raw, _ := json.Marshal(f) // facts always can be
	var values map[string]json.RawMessage
	_ = json.Unmarshal(raw, &values)
	ages := map[string]time.Duration{"account_age": f.AccountAge, "purchase_age": f.PurchaseAge}
	var all []rawFact
	for _, name := range slices.Sorted(maps.Keys(values)) {
		one := rawFact{name, strings.Trim(string(values[name]), `"`)}
		if age, is := ages[name]; is {
			one.value = age.String()
		}
		all = append(all, one)
	}
	return all
}

// records are what was said and noted, a line each.
func (t texts) records() []record {
	var out []record
	for _, m := range t.Messages {
		role := string(identity.Customer)
		if m.ByStaff {
			role = "staff"
		}
		out = append(out, record{
			Source: fromMessage, At: &m.CreatedAt, Actor: m.Author, Role: role, Action: string(m.Visibility), Object: string(audit.ObjectTicket), ObjectID: m.TicketID,
			ID: m.ID, Summary: m.Body,
		})
	}
	for _, n := range t.Notes {
		out = append(out, record{
			Source: fromNote, At: &n.CreatedAt, Actor: n.Author, Role: string(n.Role), Action: string(n.About), Object: string(audit.ObjectRefund), ObjectID: n.RefundID,
			ID: n.ID, Summary: n.Body,
		})
	}
	return out
}

// postings are the lines of a journal, of which the sum is zero.
func postings(j ledger.Journal) []record {
	var out []record
	for _, p := range j.Postings {
		out = append(out, record{
			Source: fromJournal, At: &j.CreatedAt, Action: string(j.Operation), Object: "ledger-account", ObjectID: p.Account,
			Amount: new(money.Of(p.Micros, j.Currency)), ID: j.ID,
		})
	}
	return out
}
