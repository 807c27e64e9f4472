package memstore_test

import (
	"testing"

	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/persistence/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Sessions(t, func(*testing.T) storetest.Store { return memstore.New() })
}
