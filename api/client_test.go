package api_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api"
	"refunddesk/api/client"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// oneRefund is a desk of which a client asks for one refund.
type oneRefund struct{ api.Desk }

func (oneRefund) Refund(_ context.Context, actor identity.Actor, id string) (desk.RefundView, error) {
	if !actor.Owns("acct_1") || id != "refund_1" {
		return desk.RefundView{}, fault.New(fault.NotFound, "not-found", "There is no such refund.")
	}
	return desk.RefundView{Refund: refund.Refund{ID: id, AccountID: "acct_1", State: refund.Submitted}}, nil
}

type anybody struct{}

func (anybody) Verify(_ context.Context, token string) (identity.Actor, error) {
	return identity.Actor{Subject: token, Roles: []identity.Role{identity.Customer}, AccountID: token}, nil
}

func TestThePublicClient(t *testing.T) {
	handler, err := api.New(api.Options{Desk: oneRefund{}, Verifier: anybody{}, Ready: func(context.Context) error { return nil }})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	c, err := client.NewClientWithResponses(server.URL, client.WithBearer("acct_1"))
	require.NoError(t, err)

	answer, err := c.GetRefundWithResponse(t.Context(), "refund_1")
	require.NoError(t, err)
	require.NotNil(t, answer.JSON200)
	require.Equal(t, client.RefundStateSubmitted, answer.JSON200.State)
	require.Equal(t, client.MoverSystem, answer.JSON200.MovesNext)

	answer, err = c.GetRefundWithResponse(t.Context(), "refund_2")
	require.NoError(t, err)
	require.Nil(t, answer.JSON200)
	require.EqualError(t, answer.ApplicationProblemJSONDefault, "refunddesk: not-found: There is no such refund.")
}
