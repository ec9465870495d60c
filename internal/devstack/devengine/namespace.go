package devengine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/fault"
)

// keepNamespace brings the namespace of an older file up to the options and returns when
// the engine answers a search over all its attributes.
func keepNamespace(ctx context.Context, c client.Client, o Options) error {
	var now *workflowservice.DescribeNamespaceResponse
	err := poll(ctx, func() (err error) {
		now, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
		return err
	})
	if err != nil {
		return err
	}
	if now.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != o.Retention {
		_, err := c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: o.Namespace,
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationProto(o.Retention)},
		})
		if err != nil {
			return fmt.Errorf("set the retention: %w", err)
		}
	}
	if err := addAttributes(ctx, c, o); err != nil {
		return err
	}
	query := attributeQuery(o.SearchAttributes)
	if query == "" {
		return nil
	}
	return poll(ctx, func() error {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: o.Namespace, Query: query})
		return err
	})
}

func addAttributes(ctx context.Context, c client.Client, o Options) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		return fmt.Errorf("list the search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range o.SearchAttributes {
		old, ok := have.GetCustomAttributes()[name]
		if ok && old != kind {
			return fault.New(fault.Conflict, "engine-file",
				"the engine's records hold search attribute %s as %v, this version needs %v; give another folder with --data", name, old, kind)
		}
		if !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: o.Namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add the search attributes: %w", err)
	}
	return nil
}

// attributeQuery names every attribute: the engine refuses it until it knows them all.
func attributeQuery(attributes map[string]enumspb.IndexedValueType) string {
	var terms []string
	for name := range attributes {
		terms = append(terms, "`"+name+"` IS NULL")
	}
	slices.Sort(terms)
	return strings.Join(terms, " AND ")
}

// poll repeats do until it succeeds or ctx ends; a refused permission would not change.
func poll(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		if _, refused := err.(*serviceerror.PermissionDenied); refused { //nolint:errorlint // never wrapped by the client
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last answer: %w)", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
