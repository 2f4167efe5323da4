using Stockpile.Core;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Mapping;

/// <summary>Refusals on the wire.</summary>
public static class RefusalWire
{
    public static RefusalMsg ToWire(this Refusal refusal) =>
        new() { Code = refusal.Code, Field = refusal.Field, Message = refusal.Message };
}
