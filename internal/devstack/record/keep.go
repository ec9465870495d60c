package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"refunddesk/internal/engine"
)

// files are the recorded histories of a path: NAME.json, or NAME-1.json and so on for a
// workflow that continued as new.
func files(folder, name string) ([]string, error) {
	one := filepath.Join(folder, name+".json")
	if _, err := os.Stat(one); err == nil {
		return []string{one}, nil
	}
	return filepath.Glob(filepath.Join(folder, name+"-[0-9].json"))
}

// keep writes the history of every run of the workflow, once it is free of secrets.
func keep(ctx context.Context, folder, name string, from client.Client, workflow string, secrets []string) ([]string, error) {
	runs, err := engine.Runs(ctx, from, workflow)
	if err != nil {
		return nil, err
	}
	old, err := files(folder, name)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	var order []string
	for n, run := range runs {
		text, err := engine.ExportHistory(ctx, from, workflow, run)
		if err != nil {
			return nil, err
		}
		if text, err = anonymous(text); err != nil {
			return nil, err
		}
		if err := harmless(text, secrets); err != nil {
			return nil, fmt.Errorf("run %d is not kept: %w", n+1, err)
		}
		file := name + ".json"
		if len(runs) > 1 {
			file = fmt.Sprintf("%s-%d.json", name, n+1)
		}
		texts[file], order = text, append(order, file)
	}
	for _, file := range old { // only there with --force
		if err := os.Remove(file); err != nil {
			return nil, err
		}
	}
	for _, file := range order {
		if err := os.WriteFile(filepath.Join(folder, file), texts[file], 0o644); err != nil { //nolint:gosec // a test fixture
			return nil, err
		}
	}
	return order, nil
}

// recorder is who every history says it was carried out by: the engine writes down process
// and machine, which are nobody's business.
const recorder = "recorder"

// anonymous takes the names of processes and machines out of a history.
func anonymous(text []byte) ([]byte, error) {
	history, err := client.HistoryFromJSON(bytes.NewReader(text), client.HistoryJSONOptions{})
	if err != nil {
		return nil, err
	}
	for _, event := range history.GetEvents() {
		rename(event.ProtoReflect())
	}
	out, err := temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(&historypb.History{Events: history.GetEvents()})
	return append(out, '\n'), err
}

func rename(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() == protoreflect.StringKind && !f.IsList() && !f.IsMap() && strings.HasSuffix(string(f.Name()), "identity"):
			m.Set(f, protoreflect.ValueOfString(recorder))
		case f.IsMap() || f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				rename(v.List().Get(i).Message())
			}
		default:
			rename(v.Message())
		}
		return true
	})
}

// address is what looks like one of e-mail, or like an engine's PROCESS@MACHINE.
var address = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]`)

// harmless returns an error naming what a history says about people or machines, in its
// text or inside a payload.
func harmless(text []byte, secrets []string) error {
	history, err := client.HistoryFromJSON(bytes.NewReader(text), client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	var all [][]byte
	for _, event := range history.GetEvents() {
		payloads(event.ProtoReflect(), &all)
	}
	for _, part := range append(all, text) {
		for _, secret := range secrets {
			if bytes.Contains(part, []byte(secret)) {
				return fmt.Errorf("it holds %q", secret)
			}
		}
		if found := address.Find(part); found != nil {
			return fmt.Errorf("it holds %q, which looks like an address", found)
		}
	}
	if len(all) == 0 {
		return errors.New("it has no payloads, so nothing was looked at")
	}
	return nil
}

// payloads collects the data of every payload in a message.
func payloads(m protoreflect.Message, into *[][]byte) {
	if p, ok := m.Interface().(*commonpb.Payload); ok {
		*into = append(*into, proto.CloneOf(p).GetData())
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			if f.MapValue().Kind() == protoreflect.MessageKind {
				v.Map().Range(func(_ protoreflect.MapKey, one protoreflect.Value) bool {
					payloads(one.Message(), into)
					return true
				})
			}
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				payloads(v.List().Get(i).Message(), into)
			}
		default:
			payloads(v.Message(), into)
		}
		return true
	})
}
