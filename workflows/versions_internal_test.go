package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunKeepsToWhatItsVersionKnew(t *testing.T) {
	require.True(t, version(FirstRelease).since(FirstRelease))
	require.False(t, version(FirstRelease).since(FirstRelease+1))
	require.GreaterOrEqual(t, latest, FirstRelease)
}
