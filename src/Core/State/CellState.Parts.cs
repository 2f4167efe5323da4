namespace Stockpile.Core.State;

/// <summary>Arrays that gave tasks to parts; see <see cref="ArrayParts"/>.</summary>
public sealed partial class CellState
{
    private void ApplySplit(JobState array, ArraySplit e)
    {
        if (e.Part != NextJob) throw new InvariantBrokenException($"job {e.Part} is not the next one, {NextJob}");
        NextJob++;
        var spec = array.Spec with { Tasks = e.Tasks.Count };
        var part = new JobState(e.Part, "", spec, Queue.ClassOf(spec), array.SubmittedAt)
        {
            PartOf = array.PartOf.Length > 0 ? array.PartOf : NameOf(array),
        };
        for (var task = 0; task < e.Tasks.Count; task++)
            if (array.FailuresOf(e.Tasks[task]) is > 0 and var times) part.Failed(task, times);
        Give(array, e.Part, e.Tasks);
        AddJob(part);
        Queue.Update(part);
        Queue.Update(array);
        List(array);
    }

    private void Give(JobState array, long part, IReadOnlyList<int> tasks)
    {
        array.Give(part, tasks);
        _arrayOf.Add(part, array);
    }

    private void ApplyPartEnded(JobState array, PartEnded e)
    {
        if (!_arrayOf.Remove(e.Part))
            throw new InvariantBrokenException($"job {e.Part} is no open part of job {array.Number}, and ends");
        array.EndPart(e.Part, e.How, e.TasksDone);
    }
}
