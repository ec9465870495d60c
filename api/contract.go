package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
)

//go:embed openapi.yaml
var contractYAML []byte

// Contract is api/openapi.yaml as it was built in.
func Contract() []byte { return slices.Clone(contractYAML) }

// operation is what the server needs to know of one call of the contract.
type operation struct {
	id       string
	public   bool
	roles    []identity.Role // who may call it
	excluded []identity.Role // who may not, whatever else he holds
	object   audit.Object    // what {id} in the path names; empty when there is none
	body     *openapi3.RequestBody
	query    []string // names of its query parameters
	headers  []string // names of its header parameters
	route    *routers.Route
}

// allows reports whether a caller with the actor's roles may make the call at all.
func (o *operation) allows(actor identity.Actor) bool {
	return actor.Has(o.roles...) && !actor.Has(o.excluded...)
}

// asCustomer reports whether being a customer is the only reason that the actor may call it.
func (o *operation) asCustomer(actor identity.Actor) bool {
	others := slices.DeleteFunc(slices.Clone(o.roles), func(r identity.Role) bool { return r == identity.Customer })
	return !actor.Has(others...)
}

// operations are the calls of a contract by "METHOD /gin/:path".
type operations map[string]*operation

// readContract reads a contract and holds it to the rule that nothing is open by
// oversight: every operation says who may call it, and what object its path names.
// Errors name the operation.
func readContract(source []byte) (operations, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(source)
	if err != nil {
		return nil, fmt.Errorf("api: reading the contract: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("api: the contract is not OpenAPI: %w", err)
	}
	ops := operations{}
	for path, item := range doc.Paths.Map() {
		for method, source := range item.Operations() {
			op, err := readOperation(path, item, source)
			if err != nil {
				return nil, fmt.Errorf("api: %s %s: %w", method, path, err)
			}
			op.route = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: source}
			ops[method+" "+ginPath(path)] = op
		}
	}
	return ops, nil
}

func readOperation(path string, item *openapi3.PathItem, source *openapi3.Operation) (*operation, error) {
	op := &operation{id: source.OperationID}
	if op.id == "" {
		return nil, fmt.Errorf("has no operationId")
	}
	op.public = source.Security != nil && len(*source.Security) == 0
	var err error
	if op.roles, err = rolesOf(source.Extensions, "x-roles"); err != nil {
		return nil, err
	}
	if op.excluded, err = rolesOf(source.Extensions, "x-not-roles"); err != nil {
		return nil, err
	}
	switch {
	case op.public && len(op.roles) > 0:
		return nil, fmt.Errorf("is open to anyone (security: []) and yet has x-roles")
	case !op.public && len(op.roles) == 0:
		return nil, fmt.Errorf("says neither who may call it (x-roles) nor that anyone may (security: [])")
	}
	object, err := stringOf(source.Extensions, "x-object")
	if err != nil {
		return nil, err
	}
	op.object = audit.Object(object)
	known := []audit.Object{audit.ObjectAccount, audit.ObjectPackage, audit.ObjectRefund, audit.ObjectTicket}
	named := strings.Contains(path, "{")
	switch {
	case named && !slices.Contains(known, op.object):
		return nil, fmt.Errorf("names an object in its path; x-object says which, one of %v, not %q", known, object)
	case !named && op.object != "":
		return nil, fmt.Errorf("has x-object %q but no object in its path", object)
	}
	for _, parameter := range slices.Concat(item.Parameters, source.Parameters) {
		switch parameter.Value.In {
		case openapi3.ParameterInQuery:
			op.query = append(op.query, parameter.Value.Name)
		case openapi3.ParameterInHeader:
			op.headers = append(op.headers, http.CanonicalHeaderKey(parameter.Value.Name))
		}
	}
	slices.Sort(op.query)
	if source.RequestBody != nil {
		op.body = source.RequestBody.Value
	}
	return op, nil
}

func rolesOf(extensions map[string]any, name string) ([]identity.Role, error) {
	var roles []identity.Role
	if err := extension(extensions, name, &roles); err != nil {
		return nil, err
	}
	for _, r := range roles {
		if !identity.Known(r) {
			return nil, fmt.Errorf("%s has the role %q, which no token can carry", name, r)
		}
	}
	return roles, nil
}

func stringOf(extensions map[string]any, name string) (string, error) {
	var s string
	err := extension(extensions, name, &s)
	return s, err
}

// extension reads an x- field into the value that into points at; an absent one leaves it.
func extension(extensions map[string]any, name string, into any) error {
	value, ok := extensions[name]
	if !ok {
		return nil
	}
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", name, err)
	}
	return nil
}

// ginPath turns /v1/refunds/{id} into /v1/refunds/:id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
