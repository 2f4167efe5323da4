using Stockpile.Core;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A dry run answers from a copy: nothing of it is written, ordered or counted.</summary>
public class DryRunTests : CellSpec
{
    [Fact]
    public async Task A_dry_run_writes_no_row_and_uses_up_no_number()
    {
        await StartWithGangAsync();
        await AdmitAsync(Advert("n2"));
        await SaidToHostAsync();
        var rows = Rows();
        var foreseen = await WhatIfAsync("", Gang());

        Assert.Equal("placed", foreseen.WhatIf.Job.State);
        Assert.Equal("n2", Assert.Single(foreseen.WhatIf.Job.Allocations).Node);
        Assert.Equal(rows, Rows());
        Assert.DoesNotContain(await SaidToHostAsync(), said => said is NodeOrders);

        // What was foreseen is what then happens, under the number that was not used up.
        var real = await SubmitAsync("real", Gang());
        Assert.Equal("north-2", real.Job.Id);
        var placed = await JobAsync(2);
        Assert.Equal(foreseen.WhatIf.Job.Allocations.Single().Node, placed.Allocations.Single().Node);
    }

    [Fact]
    public async Task A_job_that_would_wait_gets_its_start_estimate()
    {
        await StartWithGangAsync();
        var foreseen = (await WhatIfAsync("", Gang())).WhatIf;

        Assert.Equal("pending", foreseen.Job.State);
        // An hour of work, and what the links cost.
        Assert.InRange(foreseen.Why.Start.AtMs - Clock.GetUtcNow().ToWireMs(), 3_600_000, 1.2 * 3_600_000);
        Assert.Equal("north-1", Assert.Single(foreseen.Why.Start.EndFirst).Job);
    }

    [Fact]
    public async Task A_refused_job_and_a_known_key_are_answered_as_a_real_submission_is()
    {
        await StartWithGangAsync();
        var foreseen = await WhatIfAsync("new", Gang(9));
        var real = await SubmitAsync("new", Gang(9));

        Assert.Equal(Refusal.Unplaceable, foreseen.Refusal.Code);
        Assert.Equal(real.Refusal, foreseen.Refusal);
        var known = await WhatIfAsync("k", Gang());
        Assert.True(known.Repeated);
        Assert.Equal("north-1", known.Job.Id);
    }

    private async Task<SubmitResult> WhatIfAsync(string key, Core.Jobs.JobSpec spec)
    {
        var reply = await AskAsync<SubmitJobsReply>(new SubmitJobs
        {
            Cell = "north",
            DryRun = true,
            WhatIf = true,
            Jobs = { new Submission { Key = key, Spec = spec.ToWire() } },
        });
        return Assert.Single(reply.Results);
    }
}
