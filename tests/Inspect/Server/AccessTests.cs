using System.Net;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Tests.Cluster;
using Stockpile.Inspect.Tests.Palettes;

namespace Stockpile.Inspect.Tests.Server;

/// <summary>Who may make which call.</summary>
public sealed class AccessTests(TestMembers members)
{
    /// <summary>Every command that changes something; what is not here only looks.</summary>
    private static readonly Dictionary<string, AccessRole> Changes = new()
    {
        ["cluster leave"] = AccessRole.Operator,
        ["cluster join"] = AccessRole.Operator,
        ["cluster down"] = AccessRole.Operator,
        ["cluster down-unreachable"] = AccessRole.Operator,
        ["job submit"] = AccessRole.Submitter,
        ["job cancel"] = AccessRole.Submitter,
        ["node drain"] = AccessRole.Operator,
        ["node resume"] = AccessRole.Operator,
        ["node fail"] = AccessRole.Operator,
        ["node slow"] = AccessRole.Operator,
        ["node recover"] = AccessRole.Operator,
    };

    [Fact]
    public void Every_command_needs_the_role_of_its_effect()
    {
        string[] ofMembers = ["cluster", "cluster-sharding", "actor", "log", "system"];
        var palettes = members.First.Runner.Catalogue.Palettes.Where(p => ofMembers.Contains(p.Name))
            .Concat(new PaletteBench().Palettes).ToArray();
        Assert.Equal(9, palettes.Length);
        var roles = palettes.SelectMany(p => p.Commands.Select(c => ($"{p.Name} {c.Name}", c.Role)))
            .ToDictionary(c => c.Item1, c => c.Role);
        Assert.All(Changes, change => Assert.Equal(change.Value, roles[change.Key]));
        Assert.All(roles.Where(role => !Changes.ContainsKey(role.Key)),
            role => Assert.Equal(AccessRole.Viewer, role.Value));
    }

    [Theory]
    [InlineData("log level", AccessRole.Viewer)]
    [InlineData("log level -l debug", AccessRole.Operator)]
    [InlineData("log level --level=debug --member all", AccessRole.Operator)]
    [InlineData("cluster show", AccessRole.Viewer)]
    [InlineData("cluster leave --help", AccessRole.Viewer)]
    [InlineData("cluster leave --member nobody:1", AccessRole.Operator)]
    [InlineData("help cluster leave", AccessRole.Viewer)]
    [InlineData("cluster level", AccessRole.Viewer)]
    public void A_call_needs_what_its_words_do_wherever_they_are_sent(string words, AccessRole role) =>
        Assert.Equal(role, members.First.Runner.Announce(words.Split(' ')).Role);

    [Theory]
    [InlineData(null, "an access token is needed, as 'Authorization: Bearer TOKEN'")]
    [InlineData("", "the access token is not one of this server's")]
    [InlineData("wrong-0123456789ab", "the access token is not one of this server's")]
    public async Task Without_a_token_of_the_settings_nothing_is_told(string? token, string detail)
    {
        await using var host = await ServerHost.StartAsync(ServerHost.Tokens);
        foreach (var words in new[] { "cell list", "help", "job move a b" })
            Assert.Equal((HttpStatusCode.Unauthorized, detail),
                await ServerHost.ProblemAsync(host.CallAsync(words, token: token)));
    }

    [Theory]
    [InlineData(ServerHost.ViewerToken, "job list", null)]
    [InlineData(ServerHost.ViewerToken, "help", null)]
    [InlineData(ServerHost.ViewerToken, "job submit", "this needs the role submitter; the token eye has viewer")]
    [InlineData(ServerHost.ViewerToken, "job move a b", "this needs the role operator; the token eye has viewer")]
    [InlineData(ServerHost.SubmitterToken, "job submit", null)]
    [InlineData(ServerHost.SubmitterToken, "job move a b",
        "this needs the role operator; the token hand has submitter")]
    [InlineData(ServerHost.SubmitterToken, "job move a b --member nobody:1",
        "this needs the role operator; the token hand has submitter")]
    [InlineData(ServerHost.OperatorToken, "job move a b", null)]
    public async Task A_role_that_is_too_low_is_told_which_one_it_takes(string token, string words, string? detail)
    {
        await using var host = await ServerHost.StartAsync(ServerHost.Tokens);
        if (detail is null)
            Assert.Equal(0, (await host.LinesAsync(words, token: token))[^1].GetProperty("exit").GetInt32());
        else
            Assert.Equal((HttpStatusCode.Forbidden, detail),
                await ServerHost.ProblemAsync(host.CallAsync(words, token: token)));
    }

    [Fact]
    public async Task Without_tokens_whoever_is_on_this_machine_is_an_operator()
    {
        await using var host = await ServerHost.StartAsync();
        Assert.Equal(0, (await host.LinesAsync("job move a b"))[^1].GetProperty("exit").GetInt32());
    }
}
