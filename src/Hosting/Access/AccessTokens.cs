using System.Security.Cryptography;
using System.Text;

namespace Stockpile.Hosting.Access;

/// <summary>What a token lets its bearer do; each role may do all that those before it may.</summary>
public enum AccessRole
{
    /// <summary>Read everything.</summary>
    Viewer,

    /// <summary>Submit and cancel jobs.</summary>
    Submitter,

    /// <summary>Drain and resume nodes, and everything else.</summary>
    Operator,
}

/// <summary>A token without its text, which only its bearer has: the process keeps a hash.</summary>
/// <param name="Name">Said in messages and logs instead of the token.</param>
public sealed record AccessToken(string Name, AccessRole Role);

/// <summary>The tokens that the HTTP API knows.</summary>
public sealed class AccessTokens
{
    private readonly List<(AccessToken Token, byte[] Hash)> _tokens;

    /// <param name="tokens">Name, role and text of each.</param>
    public AccessTokens(IEnumerable<(string Name, AccessRole Role, string Text)> tokens) =>
        _tokens = [.. tokens.Select(t => (new AccessToken(t.Name, t.Role), HashOf(t.Text)))];

    public static AccessTokens None { get; } = new([]);

    public bool IsEmpty => _tokens.Count == 0;

    public IEnumerable<AccessToken> All => _tokens.Select(t => t.Token);

    /// <summary>
    /// The token with this text, or null. How long it takes says nothing of how much of a text was right, nor which
    /// token it was: hashes of equal length are compared in constant time, and always all of them.
    /// </summary>
    public AccessToken? Find(string text)
    {
        var hash = HashOf(text);
        AccessToken? found = null;
        foreach (var (token, known) in _tokens)
            if (CryptographicOperations.FixedTimeEquals(hash, known)) found = token;
        return found;
    }

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
