package importer

import (
	"context"
	"maps"
	"slices"
)

// ask looks up the distinct ids of those of n rows that want it, some hundred at a time.
func ask[T any](ctx context.Context, lookUp func(context.Context, []string) (map[string]T, error), n int, of func(i int) (id string, wanted bool)) (map[string]T, error) {
	wanted := map[string]bool{}
	for i := range n {
		if id, want := of(i); want {
			wanted[id] = true
		}
	}
	found := map[string]T{}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), askAtOnce) {
		some, err := lookUp(ctx, ids)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, some)
	}
	return found, nil
}
