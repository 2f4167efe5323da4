using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Tests.Catalogue;

public sealed class GrammarTests
{
    [Theory]
    [InlineData("job why north-1", "job=north-1")]
    [InlineData("job why -j north-1", "job=north-1")]
    [InlineData("job why -J north-1", "job=north-1")]
    [InlineData("job why --job north-1", "job=north-1")]
    [InlineData("job why --job=north-1", "job=north-1")]
    [InlineData("job why -d 3 north-1 -v", "job=north-1 depth=3 verbose=true")]
    [InlineData("job why north-1 -D -4", "job=north-1 depth=-4")]
    [InlineData("job why -- -v", "job=-v")]
    [InlineData("job why -", "job=-")]
    [InlineData("job move a b c", "job=a to=b+c")]
    [InlineData("job move b -j a", "job=a to=b")]
    [InlineData("job move -t x -t y a", "job=a to=x+y")]
    [InlineData("job list -s a -S b --state c", "state=a+b+c")]
    [InlineData("job list -N 1 -m x", "number=1 name=x")]
    [InlineData("job list", "")]
    public async Task A_call_is_read(string line, string expected)
    {
        var answer = new Kept();
        var result = await Samples.Catalogue.RunAsync(line.Split(' '), answer, TestContext.Current.CancellationToken);
        Assert.Null(result.Error);
        Assert.Equal(expected, string.Join(' ', answer.Lines));
    }

    [Theory]
    [InlineData("jbo why x", "there is no palette 'jbo'; did you mean 'job'?")]
    [InlineData("xxxxxxx why x", "there is no palette 'xxxxxxx'; there are job, cell, help")]
    [InlineData("job", "job wants a command; there are why, move, list, submit, refuse, break")]
    [InlineData("job wyh x", "job has no command 'wyh'; did you mean 'why'?")]
    [InlineData("job why", "job why wants job; usage: job why JOB [-d DEPTH] [-v]")]
    [InlineData("job move a", "job move wants to; usage: job move JOB TO …")]
    [InlineData("job why a b", "job why does not know what to do with 'b'; usage: job why JOB [-d DEPTH] [-v]")]
    [InlineData("cell list x", "cell list does not know what to do with 'x'; usage: cell list")]
    [InlineData("job why a -x",
        "job why has no switch '-x'; there are -j, --job, -d, --depth, -v, --verbose, --member")]
    [InlineData("job why a --dpeth 1", "job why has no switch '--dpeth'; did you mean '--depth'?")]
    [InlineData("job why a -d", "-d of job why wants a value: How deep")]
    [InlineData("job why a -d -v", "-d of job why wants a value: How deep")]
    [InlineData("job why a -d 1 -D 2", "-D of job why is given twice")]
    [InlineData("job why a -j b", "job why does not know what to do with 'a'; usage: job why JOB [-d DEPTH] [-v]")]
    [InlineData("job why a --verbose=no", "--verbose of job why takes no value")]
    public async Task What_is_no_call_is_told_in_one_line(string line, string expected)
    {
        var answer = new Kept();
        var result = await Samples.Catalogue.RunAsync(line.Split(' '), answer, TestContext.Current.CancellationToken);
        Assert.Equal(expected, result.Error);
        Assert.Equal(CommandResult.UsageExit, result.Exit);
        Assert.Empty(answer.Lines);
    }

    [Fact]
    public void Too_many_words_are_refused() => Assert.Throws<CommandUsageException>(
        () => Samples.Catalogue.Parse([.. Enumerable.Repeat("x", InspectLimits.WordsMax + 1)]));

    [Theory]
    [InlineData("", "cell: Cells")]
    [InlineData("help", "cell: Cells")]
    [InlineData("--help", "job: Jobs")]
    [InlineData("job help", "  why     Does why")]
    [InlineData("help job", "  why     Does why")]
    [InlineData("help job why", "usage: job why JOB [-d DEPTH] [-v]")]
    [InlineData("job why --help", "usage: job why JOB [-d DEPTH] [-v]")]
    [InlineData("job help why", "usage: job why JOB [-d DEPTH] [-v]")]
    public async Task Help_tells_what_was_asked_for(string line, string expected)
    {
        var answer = new Kept();
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = await Samples.Catalogue.RunAsync(words, answer, TestContext.Current.CancellationToken);
        Assert.Equal(0, result.Exit);
        Assert.Contains(expected, answer.Lines);
    }

    [Fact]
    public async Task Help_about_what_does_not_exist_is_a_wrong_use()
    {
        var result = await Samples.Catalogue.RunAsync(
            ["help", "job", "wyh"], new Kept(), TestContext.Current.CancellationToken);
        Assert.Equal(CommandResult.UsageExit, result.Exit);
    }

    [Fact]
    public async Task A_refusal_and_a_fault_are_one_line()
    {
        var cancel = TestContext.Current.CancellationToken;
        var refused = await Samples.Catalogue.RunAsync(["job", "refuse"], new Kept(), cancel);
        Assert.Equal((1, "not today"), (refused.Exit, refused.Error));
        var broken = await Samples.Catalogue.RunAsync(["job", "break"], new Kept(), cancel);
        Assert.Equal(
            (1, "job break failed: InvalidOperationException: broken in two"), (broken.Exit, broken.Error));
    }

    [Fact]
    public void Two_commands_of_one_name_are_a_fault_of_the_program() =>
        Assert.Throws<ArgumentException>(() => Samples.Create(new Palette("cell", "Again", [])));
}
