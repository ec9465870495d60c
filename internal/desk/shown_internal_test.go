package desk

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// fill gives every field of what v points at a value; texts are the path of their field.
func fill(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(777)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("en"), reflect.ValueOf(path))
	case reflect.Struct:
		if v.Type() == reflect.TypeOf(noon) {
			v.Set(reflect.ValueOf(noon))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	default:
		panic("a kind of field that is not filled yet: " + v.Kind().String())
	}
}

// left lists the paths of the fields that have a value.
func left(v reflect.Value, path string) (out []string) {
	switch {
	case v.IsZero():
		return nil
	case v.Kind() == reflect.Pointer:
		return left(v.Elem(), path)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			out = append(out, left(v.Index(i), path)...)
		}
		return out
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeOf(noon):
		for i := range v.NumField() {
			out = append(out, left(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return out
	}
	return []string{path}
}

var (
	owner    = identity.Actor{Subject: "ann", Roles: []identity.Role{identity.Customer}, AccountID: "acct"}
	employee = identity.Actor{Subject: "kim", Roles: []identity.Role{identity.Customer, identity.Senior, identity.Admin}, AccountID: "acct"}
	stranger = identity.Actor{Subject: "rita", Roles: []identity.Role{identity.Reviewer}}
)

// What is left of a case and of a refund for their customer, field by field: whoever adds a
// field to what he is shown has to write it down here.
func TestWhatACustomerIsShown(t *testing.T) {
	ofRefund := []string{"ID", "AccountID", "PackageID", "RequestedBy", "State", "ReasonCode", "NoteID",
		"Quote.Amount.Micros", "Quote.Amount.Currency", "Quote.Paid.Micros", "Quote.Paid.Currency", "Quote.Face.Micros", "Quote.Face.Currency",
		"Quote.Remaining.Micros", "Quote.Remaining.Currency", "Quote.Consumed.Micros", "Quote.Consumed.Currency", "Quote.Gift.Micros", "Quote.Gift.Currency",
		"Quote.Used", "Approved.Micros", "Approved.Currency", "Amount.Micros", "Amount.Currency", "Verdict", "Outcome", "PolicyVersion", "PolicyDigest",
		"AppealOf", "HoldCauses", "HeldFrom", "HeldAt", "WorkflowID", "CreatedAt", "UpdatedAt"}
	below := func(path string, fields ...string) (out []string) {
		for _, f := range fields {
			out = append(out, path+"."+f)
		}
		return out
	}

	var v CaseView
	fill(reflect.ValueOf(&v).Elem(), "canary")
	v.Ticket.AccountID, v.Refund.AccountID = "acct", "acct"
	hidden := v.Messages[0]
	hidden.Visibility, v.Messages[0].Visibility = review.Internal, review.Public
	v.Messages = append(v.Messages, hidden)
	require.Equal(t, v, showCase(stranger, v))
	for _, who := range []identity.Actor{owner, employee} {
		got := showCase(who, v)
		want := below("case.Ticket", "ID", "Kind", "RefundID", "AccountID", "PackageID", "OpenedBy", "Subject", "State", "Queue", "DueAt", "AnswerBy", "AskedAt", "ClosedAt", "CreatedAt")
		want = append(want, below("case.Refund", ofRefund...)...)
		want = append(want, below("case.Case", "RefundID", "AccountID", "Amount.Micros", "Amount.Currency", "PackageID")...)
		want = append(want, below("case.Messages", "ID", "TicketID", "ByStaff", "Visibility", "Body", "CreatedAt")...)
		require.ElementsMatch(t, want, left(reflect.ValueOf(got), "case"))
		require.Equal(t, review.QueueReview, got.Ticket.Queue)
		require.Equal(t, "other", got.Refund.Outcome)
		require.Len(t, v.Messages, 2, "the record itself is as it was")
	}

	var r RefundView
	fill(reflect.ValueOf(&r).Elem(), "canary")
	r.AccountID, r.State, r.Decisions[0].Vote = "acct", refund.Rejected, review.Reject
	r.Entries[0].Object = audit.ObjectRefund
	open := r.Decisions[0]
	open.Vote = review.Approve
	r.Decisions = append(r.Decisions, open)
	inside := r.Entries[0]
	inside.Object = audit.ObjectTicket
	r.Entries = append(r.Entries, inside)
	require.Equal(t, r, showRefund(stranger, r))
	for _, who := range []identity.Actor{owner, employee} {
		got := showRefund(who, r)
		want := below("refund.Refund", ofRefund...)
		want = append(want, below("refund.Entries", "At", "Role", "Action", "Object", "ObjectID", "RefundID", "OldState", "NewState")...)
		want = append(want, below("refund.Decisions", "RefundID", "Vote", "ReasonCode", "CreatedAt")...)
		want = append(want, "refund.Told", "refund.Locale", "refund.TicketID", "refund.AnswerBy")
		require.ElementsMatch(t, want, left(reflect.ValueOf(got), "refund"))
		require.Len(t, got.Decisions, 1)
		require.Equal(t, "other", got.Outcome)
		require.Equal(t, r.Ruling().ReasonCode, got.Ruling().ReasonCode)
		require.Empty(t, got.Ruling().By)
	}
}

// A vote that does not settle the case is internal.
func TestAnOpenVoteIsNotShown(t *testing.T) {
	v := RefundView{Refund: refund.Refund{AccountID: "acct", State: refund.InReview}, Decisions: []review.Decision{{Vote: review.Approve, Voter: stranger}}}
	require.Empty(t, showRefund(owner, v).Decisions)
	require.Len(t, showRefund(stranger, v).Decisions, 1)
}

func TestWhoSeesInside(t *testing.T) {
	auditor := identity.Actor{Roles: []identity.Role{identity.Auditor}, AccountID: "acct"}
	for _, c := range []struct {
		who  identity.Actor
		want bool
	}{
		{stranger, true}, {auditor, true}, {owner, false}, {employee, false}, {identity.Actor{}, false},
		{identity.Actor{Roles: []identity.Role{identity.Integrator}}, false}, {identity.Desk, false},
	} {
		require.Equal(t, c.want, seesInside(c.who, "acct"), fmt.Sprint(c.who))
	}
}

func TestTheExplanationIsInTheCustomersLanguage(t *testing.T) {
	told := map[string]string{"en": "A person looks.", "zh-Hans": "人工审核。"}
	v := RefundView{Told: told, Locale: "zh-Hans"}
	require.Equal(t, "人工审核。", v.Explanation(""))
	require.Equal(t, "A person looks.", v.Explanation("en"))
	require.Equal(t, "人工审核。", v.Explanation("fr"))
	require.Equal(t, "A person looks.", RefundView{Told: told, Locale: "fr"}.Explanation(""))
	require.Empty(t, RefundView{}.Explanation("en"))

	heavy := review.Match{Rule: "b", Weight: 9, Told: map[string]string{"en": "heavy"}}
	require.Equal(t, heavy.Told, heaviestTold([]review.Match{{Rule: "a", Weight: 1, Told: told}, {Rule: "c", Weight: 20}, heavy}))
	require.Nil(t, heaviestTold(nil))
}

func TestWhenScreeningExplainsARefund(t *testing.T) {
	for _, s := range refund.States {
		for _, verdict := range []string{"approve", "review", "reject", ""} {
			got := RefundView{Refund: refund.Refund{State: s, Verdict: verdict}}.explained()
			underReview := s == refund.InReview || s == refund.AwaitingCustomer
			want := verdict == "review" && underReview || verdict == "reject" && s == refund.Rejected
			require.Equal(t, want, got, "%s %s", s, verdict)
		}
	}
}
