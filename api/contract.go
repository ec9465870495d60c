package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

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
	refusal  audit.Action    // how the audit log calls a refused attempt; empty when the call changes nothing
	object   audit.Object    // what the path names; empty when it names nothing
	param    string          // the path's parameter that names it
	body     *openapi3.RequestBody
	query    []string // names of its query parameters
	switches []string // those of them that are true or false
	internal []string // those of them that only staff may use
	headers  []string // names of its header parameters
	patience time.Duration
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
// oversight: every operation says who may call it, what object its path names and, unless
// it only reads, how the audit log calls a refused attempt. Errors name the operation.
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
			op, err := readOperation(method, path, item, source)
			if err != nil {
				return nil, fmt.Errorf("api: %s %s: %w", method, path, err)
			}
			op.route = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: source}
			ops[method+" "+ginPath(path)] = op
		}
	}
	return ops, nil
}

func readOperation(method, path string, item *openapi3.PathItem, source *openapi3.Operation) (*operation, error) {
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
	if err := op.readObject(path, source.Extensions); err != nil {
		return nil, err
	}
	if err := op.readRefusal(method, source.Extensions); err != nil {
		return nil, err
	}
	seconds := int(patience / time.Second)
	if err := extension(source.Extensions, "x-patience", &seconds); err != nil {
		return nil, err
	}
	op.patience = time.Duration(seconds) * time.Second
	if err := op.readParameters(slices.Concat(item.Parameters, source.Parameters)); err != nil {
		return nil, err
	}
	if source.RequestBody != nil {
		op.body = source.RequestBody.Value
	}
	return op, nil
}

// objects are what a path can name.
var objects = []audit.Object{
	audit.ObjectAccount, audit.ObjectPackage, audit.ObjectRefund, audit.ObjectTicket, audit.ObjectPolicy, audit.ObjectPause, audit.ObjectReply,
}

var pathParameter = regexp.MustCompile(`\{([^}]*)\}`)

func (o *operation) readObject(path string, extensions map[string]any) error {
	object, err := stringOf(extensions, "x-object")
	if err != nil {
		return err
	}
	o.object = audit.Object(object)
	named := pathParameter.FindStringSubmatch(path)
	switch {
	case named != nil && !slices.Contains(objects, o.object):
		return fmt.Errorf("names an object in its path; x-object says which, one of %v, not %q", objects, object)
	case named == nil && o.object != "":
		return fmt.Errorf("has x-object %q but no object in its path", object)
	case named != nil:
		o.param = named[1]
	}
	return nil
}

// readRefusal reads x-refusal: the methods that may change something have it, and the others do not.
func (o *operation) readRefusal(method string, extensions map[string]any) error {
	action, err := stringOf(extensions, "x-refusal")
	if err != nil {
		return err
	}
	o.refusal = audit.Action(action)
	object, known := o.refusal.Refuses()
	reads := method == http.MethodGet
	switch {
	case reads && action != "":
		return fmt.Errorf("reads, and yet has x-refusal %q", action)
	case reads:
		return nil
	case !known:
		return fmt.Errorf("can change something; x-refusal says how the audit log calls a refused attempt, not %q", action)
	case o.object != "" && o.object != object:
		return fmt.Errorf("has x-refusal %q, of a %s, and x-object %q", action, object, o.object)
	}
	return nil
}

func (o *operation) readParameters(parameters openapi3.Parameters) error {
	for _, parameter := range parameters {
		p := parameter.Value
		switch p.In {
		case openapi3.ParameterInQuery:
			o.query = append(o.query, p.Name)
			if p.Schema.Value.Type.Is(openapi3.TypeBoolean) {
				o.switches = append(o.switches, p.Name)
			}
		case openapi3.ParameterInHeader:
			o.headers = append(o.headers, http.CanonicalHeaderKey(p.Name))
		}
		staff := false
		if err := extension(p.Extensions, "x-staff", &staff); err != nil {
			return err
		}
		if staff {
			o.internal = append(o.internal, p.Name)
		}
	}
	slices.Sort(o.query)
	return nil
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
