using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api.Json;

/// <summary>Reads a request's body strictly, within a bound.</summary>
internal static class JsonBody
{
    /// <summary>
    /// What is over the bound is read and thrown away up to so many times the bound: a client that is cut off while it
    /// still writes sees a broken connection instead of the answer.
    /// </summary>
    private const long DiscardedFactor = 8;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The body, or the problem that it has; exactly one of the two is null.</summary>
    public static async Task<(T? Value, ProblemResult? Problem)> ReadAsync<T>(
        HttpContext http, int bytesMax = SchedulerLimits.HttpBodyBytesMax) where T : class
    {
        if (!http.Request.HasJsonContentType()) return (null, NotJson);
        if (await ReadBytesAsync(http, bytesMax) is not { } bytes) return (null, TooLarge(bytesMax));
        if (bytes.Length == 0)
            return (null, ProblemResult.Of(new Refusal(Refusal.Invalid, "", "the body is empty; allowed: JSON")));
        // The reader looks at the bytes of a text only when somebody asks for it, which would be too late to refuse.
        if (!Utf8.IsValid(bytes))
            return (null, ProblemResult.Of(new Refusal(Refusal.Invalid, "", "the body is not UTF-8; allowed: JSON")));
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, Strict);
        }
        catch (JsonException fault)
        {
            return (null, ProblemResult.Of(JsonFault.Malformed(fault)));
        }
        catch (InvalidOperationException)
        {
            return (null, HalfCharacter);
        }

        using (document)
        {
            try
            {
                return document.Deserialize<T>(ApiJson.Options) is { } value
                    ? (value, null)
                    : throw new JsonException(null, "$", null, null);
            }
            catch (JsonException fault)
            {
                return (null, ProblemResult.Of(JsonFault.Mismatch(fault, document.RootElement, typeof(T))));
            }
            catch (InvalidOperationException)
            {
                return (null, HalfCharacter);
            }
        }
    }

    /// <summary>The reader tells of <c>"\uD800"</c> in no other way, and not where it stands.</summary>
    private static ProblemResult HalfCharacter { get; } = ProblemResult.Of(new Refusal(Refusal.Invalid, "",
        "the body has half a surrogate pair in a text; allowed: whole characters"));

    public static ProblemResult NotJson { get; } = ProblemResult.Of(
        StatusCodes.Status415UnsupportedMediaType,
        ProblemCodes.MediaType,
        "the content type must be application/json");

    public static ProblemResult TooLarge(int bytesMax) => ProblemResult.Of(
        StatusCodes.Status413PayloadTooLarge,
        ProblemCodes.TooLarge,
        $"the body is larger than {bytesMax} bytes, the most that is allowed; send several requests");

    /// <summary>The bytes of the body; null when there are too many.</summary>
    private static async Task<byte[]?> ReadBytesAsync(HttpContext http, int bytesMax)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = DiscardedFactor * bytesMax;
        using var body = new MemoryStream(
            (int)Math.Clamp(http.Request.ContentLength ?? 0, 0, bytesMax));
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        var total = 0L;
        try
        {
            int read;
            while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
            {
                total += read;
                if (total <= bytesMax) body.Write(buffer, 0, read);
            }
        }
        catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return total > bytesMax ? null : body.ToArray();
    }
}
