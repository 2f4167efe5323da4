using System.Text;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Tests.Configuration;

namespace Stockpile.Hosting.Tests.Access;

public sealed class TokenTests
{
    private const string Token = "0123456789abcdef";
    private const string Other = "fedcba9876543210";

    private static readonly (string, string)[] Good =
    [
        ("STOCKPILE__HTTP__TOKENS__CI__ROLE", "submitter"), ("STOCKPILE__HTTP__TOKENS__CI__TOKEN", Token),
        ("STOCKPILE__HTTP__TOKENS__ADMIN__ROLE", "operator"), ("STOCKPILE__HTTP__TOKENS__ADMIN__TOKEN", Other),
    ];

    [Fact]
    public void A_token_is_found_by_its_text_and_by_nothing_else()
    {
        var tokens = HttpSettings.Read(SettingLayersTests.Read(null, Good)).Tokens;

        Assert.Equal(new AccessToken("ci", AccessRole.Submitter), tokens.Find(Token));
        Assert.Equal(new AccessToken("admin", AccessRole.Operator), tokens.Find(Other));
        foreach (var wrong in new[] { "", Token[..^1], Token + "0", Token.ToUpperInvariant(), " " + Token })
            Assert.Null(tokens.Find(wrong));
    }

    [Fact]
    public void A_token_may_come_from_a_file()
    {
        using var folder = new Folder();
        var tokens = HttpSettings.Read(SettingLayersTests.Read(null, [
            ("STOCKPILE__HTTP__TOKENS__ADMIN__ROLE", "operator"),
            ("STOCKPILE__HTTP__TOKENS__ADMIN__TOKEN_FILE", folder.Write("token", Token + "\n")),
        ])).Tokens;

        Assert.Equal("admin", tokens.Find(Token)?.Name);
    }

    [Theory]
    [InlineData("stockpile.http.tokens.x.role=viewer", "no token beside it")]
    [InlineData("stockpile.http.tokens.x.token=the-secret-is-this", "no role beside it")]
    [InlineData("stockpile.http.tokens.ci.role=admin", "viewer, submitter, operator")]
    [InlineData("stockpile.http.tokens.ci.token=short-secret", "12 characters; a token has 16 to 512")]
    [InlineData("stockpile.http.tokens.ci.token=the secret is this one", "characters that no token has")]
    [InlineData("stockpile.http.tokens.ci.token=" + Other, "is the same as that of")]
    [InlineData("stockpile.http.tokens.ci.tokn=the-secret-is-this", "is not known; allowed below")]
    [InlineData("stockpile.http.tokens.ci=the-secret-is-this", "is not known; allowed below")]
    [InlineData("stockpile.http.tokens=the-secret-is-this", "is no set of tokens")]
    public void What_is_wrong_is_said_with_its_key_and_never_with_the_token(string assignment, string said)
    {
        var fault = Assert.Throws<InputException>(() =>
            HttpSettings.Read(SettingLayersTests.Read(null, Good, [assignment])));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.Contains("stockpile.http.tokens", fault.Message, StringComparison.Ordinal);
        foreach (var secret in new[] { "secret", Token, Other })
            Assert.DoesNotContain(secret, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_token_is_shown_nor_given_to_the_actor_system()
    {
        var layers = SettingLayersTests.Read(null, Good);

        foreach (var secret in new[] { Token, Other })
        {
            Assert.Contains(layers.All, s => s.Json.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(layers.All, s => s.Shown.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(secret, layers.ToAkka().ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tokens_that_are_made_differ_are_for_their_owner_alone_and_stay()
    {
        using var folder = new Folder();
        var secrets = folder["secrets"];

        var made = TokenMaker.Make(secrets);
        var texts = made.Select(File.ReadAllText).ToList();

        Assert.Equal(["viewer", "submitter", "operator"], made.Select(Path.GetFileName));
        Assert.Equal(3, texts.Distinct().Count());
        Assert.All(texts, t => Assert.Equal(64, Encoding.ASCII.GetByteCount(t.TrimEnd('\n'))));
        Folder.AssertPrivate(made);

        Assert.Empty(TokenMaker.Make(secrets));
        Assert.Equal(texts, made.Select(File.ReadAllText));
    }

    [Fact]
    public void A_folder_that_cannot_be_is_said_in_one_line()
    {
        using var folder = new Folder();
        var file = folder.Write("file", "");

        var fault = Assert.Throws<SecretFolderException>(() => TokenMaker.Make(Path.Combine(file, "x")));

        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }
}
