using Stockpile.Core;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Api.Mapping;

internal static class RefusalMapping
{
    public static Refusal ToCore(this RefusalMsg refusal) => new(refusal.Code, refusal.Field, refusal.Message);
}
