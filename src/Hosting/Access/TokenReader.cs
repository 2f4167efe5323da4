using System.Text.RegularExpressions;
using Stockpile.Core;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Hosting.Access;

/// <summary>
/// Reads <c>stockpile.http.tokens { NAME { role = viewer, token = … } }</c>. No message shows a value, because it may
/// be a token that stands in the wrong place.
/// </summary>
internal static partial class TokenReader
{
    private const string Path = SettingLayers.TokensPath;

    private const string Form = "NAME { role = viewer, token = … }";

    /// <exception cref="InputException">A token or its role is not right.</exception>
    public static AccessTokens Read(SettingLayers layers, SettingReader read)
    {
        if (layers.Get(Path).Json != "{}") throw read.Error(Path, $"is no set of tokens; allowed: {Form}");
        var tokens = new List<(string Name, AccessRole Role, string Text)>();
        foreach (var group in layers.Below(Path).GroupBy(s => NameOf(read, s), StringComparer.Ordinal))
        {
            var (name, role, text) = ReadOne(read, group.Key);
            if (tokens.Find(t => t.Text == text) is { Name: { } other })
                throw read.Error($"{Path}.{group.Key}.token", $"is the same as that of {other}; each has its own");
            tokens.Add((name, role, text));
        }

        return tokens.Count <= HostingLimits.HttpTokensMax
            ? new AccessTokens(tokens)
            : throw read.Error(Path, $"there are {tokens.Count} tokens; at most {HostingLimits.HttpTokensMax}");
    }

    /// <summary>Why nobody may listen there.</summary>
    public static string Missing(string address) =>
        $"'{address}' is open to other machines, and there are no access tokens: set {Path}.NAME.role and .token, such "
        + "as STOCKPILE__HTTP__TOKENS__ADMIN__ROLE=operator and STOCKPILE__HTTP__TOKENS__ADMIN__TOKEN_FILE=FILE, or "
        + "listen on 127.0.0.1 (docs/security.md)";

    private static string NameOf(SettingReader read, Setting setting)
    {
        var rest = setting.Path[(Path.Length + 1)..];
        var dot = rest.LastIndexOf('.');
        return dot > 0 && rest[(dot + 1)..] is "role" or "token"
            ? rest[..dot]
            : throw read.Error(setting.Path, $"is not known; allowed below {Path}: {Form}");
    }

    private static (string Name, AccessRole Role, string Text) ReadOne(SettingReader read, string key)
    {
        var (rolePath, tokenPath) = ($"{Path}.{key}.role", $"{Path}.{key}.token");
        var name = key.Trim('"');
        if (!read.Has(tokenPath)) throw read.Error(rolePath, $"has no token beside it; allowed: {Form}");
        if (!read.Has(rolePath))
            throw read.Error(tokenPath, "has no role beside it; allowed: viewer, submitter, operator");
        if (!Names.IsName(name)) throw read.Error(rolePath, $"the token's name is not a name; {Names.Rule}");
        var role = read.OneOf(rolePath, "viewer", "submitter", "operator");
        var text = read.Text(tokenPath);
        if (text.Length is < HostingLimits.HttpTokenCharsMin or > HostingLimits.HttpTokenCharsMax)
            throw read.Error(
                tokenPath, $"has {text.Length} characters; a token has {HostingLimits.HttpTokenCharsMin} to "
                + $"{HostingLimits.HttpTokenCharsMax}, such as what `stockpile tokens` makes");
        if (!Token68().IsMatch(text))
            throw read.Error(tokenPath, "has characters that no token has; allowed: letters, digits, - . _ ~ + / and "
                + "= at its end");
        return (name, Enum.Parse<AccessRole>(role, ignoreCase: true), text);
    }

    /// <summary>What may stand behind <c>Bearer</c>: RFC 6750, section 2.1.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9\-._~+/]+=*\z")]
    private static partial Regex Token68();
}
