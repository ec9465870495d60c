package api

import (
	"context"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
)

func (s *server) GetRefundHistory(ctx context.Context, r GetRefundHistoryRequestObject) (GetRefundHistoryResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.History(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetRefundHistory200JSONResponse{
		RefundID:        view.RefundID,
		WorkflowID:      view.WorkflowID,
		EngineAvailable: view.EngineAvailable,
		Items:           mapped(view.Items, toHistoryItem),
	}, nil
}

func toHistoryItem(item desk.HistoryItem) HistoryItem {
	out := HistoryItem{At: item.At.UTC(), Summary: item.Summary()}
	if e := item.Event; e != nil {
		out.Source = HistoryItemSourceEngine
		out.Event = &WorkflowEvent{ID: e.ID, At: e.At.UTC(), RunID: e.RunID, Type: e.Type, Summary: e.Summary}
		return out
	}
	out.Source = HistoryItemSourceAudit
	if item.Entry != nil {
		entry := toEntry(*item.Entry)
		out.Entry = &entry
	}
	return out
}

func toEntry(e audit.Entry) AuditEntry {
	return AuditEntry{
		Version:        e.Version,
		ID:             e.ID,
		At:             e.At.UTC(),
		Actor:          e.Actor,
		Role:           string(e.Role),
		Action:         string(e.Action),
		Object:         AuditEntryObject(e.Object),
		ObjectID:       e.ObjectID,
		ObjectVersion:  e.ObjectVersion,
		OldState:       optional(e.OldState),
		NewState:       optional(e.NewState),
		Amount:         toMoneyOrNil(e.Amount),
		ReasonCode:     optional(e.ReasonCode),
		PolicyVersion:  optional(e.PolicyVersion),
		DecisionDigest: optional(e.DecisionDigest),
		RequestID:      optional(e.RequestID),
		WorkflowID:     optional(e.WorkflowID),
		RunID:          optional(e.RunID),
		OperationID:    optional(e.OperationID),
	}
}
