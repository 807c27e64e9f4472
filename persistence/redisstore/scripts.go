package redisstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it
	_ "embed"
	"encoding/hex"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/create.lua
var createSource string

//go:embed lua/setopen.lua
var setOpenSource string

//go:embed lua/block.lua
var blockSource string

//go:embed lua/wave.lua
var waveSource string

//go:embed lua/rotate.lua
var rotateSource string

//go:embed lua/delete.lua
var deleteSource string

//go:embed lua/commit.lua
var commitSource string

//go:embed lua/ack.lua
var ackSource string

//go:embed lua/addsightings.lua
var addSightingsSource string

//go:embed lua/seed.lua
var seedSource string

//go:embed lua/lease.lua
var leaseSource string

var (
	createScript       = newScript(createSource)
	setOpenScript      = newScript(setOpenSource)
	blockScript        = newScript(blockSource)
	waveScript         = newScript(waveSource)
	rotateScript       = newScript(rotateSource)
	deleteScript       = newScript(deleteSource)
	commitScript       = newScript(commitSource)
	ackScript          = newScript(ackSource)
	addSightingsScript = newScript(addSightingsSource)
	seedScript         = newScript(seedSource)
	leaseScript        = newScript(leaseSource)

	sources = []string{
		createSource, setOpenSource, blockSource, waveSource, rotateSource, deleteSource, commitSource,
		ackSource, addSightingsSource, seedSource, leaseSource,
	}
)

// script is the SHA-1 by which Redis knows a Lua script that it has loaded.
type script string

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // as above
	return script(hex.EncodeToString(sum[:]))
}

// with is the command that runs the script: its keys, then its arguments.
func (s script) with(keys int, keysAndArgs ...any) *redis.Cmd {
	args := make([]any, 0, 3+len(keysAndArgs))
	args = append(args, "evalsha", string(s), keys)
	return redis.NewCmd(context.Background(), append(args, keysAndArgs...)...)
}

// loadScripts teaches Redis all scripts: a new or restarted one knows none.
func loadScripts(ctx context.Context, client redis.UniversalClient) error {
	pipe := client.Pipeline()
	for _, source := range sources {
		pipe.ScriptLoad(ctx, source)
	}
	_, err := pipe.Exec(ctx)
	return err
}
