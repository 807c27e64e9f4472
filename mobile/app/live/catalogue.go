package live

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/wire"
)

const (
	patience   = 15 * time.Second
	maxListing = 1 << 20 // bytes; the default catalogue takes 40 KiB
)

// Fetch gets the catalogue (GET /interests) and returns it, or that there is
// none. It blocks for the round trip.
func Fetch(ctx context.Context, base string) model.Event {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := fetch(ctx, base)
	if err != nil || len(list.Interests) == 0 {
		return model.NoCatalogue{}
	}
	c := make(model.Catalogue, len(list.Interests))
	for i, in := range list.Interests {
		c[i] = model.Interest{Label: in.Label, Category: in.Category}
	}
	return c
}

func fetch(ctx context.Context, base string) (list wire.Interests, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/interests", nil)
	if err != nil {
		return list, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return list, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return list, fmt.Errorf("the server answers %s", res.Status)
	}
	return list, json.NewDecoder(io.LimitReader(res.Body, maxListing)).Decode(&list)
}
