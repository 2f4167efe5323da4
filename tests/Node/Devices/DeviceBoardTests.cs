using Stockpile.Core;
using Stockpile.Node.Devices;

namespace Stockpile.Node.Tests.Devices;

public sealed class DeviceBoardTests
{
    [Fact]
    public void A_device_held_whole_is_not_held_twice()
    {
        var board = new DeviceBoard(4);
        Assert.Equal(HoldResult.Held, board.TryHold(1, 0b0011, 0));
        Assert.Equal(HoldResult.Overlap, board.TryHold(2, 0b0110, 0));
        Assert.Equal(0, board.HeldMilli(2));
        Assert.Equal(HoldResult.Held, board.TryHold(3, 0b1100, 0));
    }

    [Fact]
    public void Shares_of_a_device_add_up_to_the_whole_and_no_further()
    {
        var board = new DeviceBoard(1);
        Assert.Equal(HoldResult.Held, board.TryHold(1, 1, 600));
        Assert.Equal(HoldResult.Overlap, board.TryHold(2, 1, 401));
        Assert.Equal(HoldResult.Held, board.TryHold(3, 1, 400));
        Assert.Equal(HoldResult.Overlap, board.TryHold(4, 1, 0));
        Assert.Equal(1000, board.HeldMilli(0));
    }

    [Fact]
    public void Release_frees_what_was_held_once()
    {
        var board = new DeviceBoard(2);
        board.TryHold(1, 0b11, 0);
        Assert.True(board.Release(1));
        Assert.False(board.Release(1));
        Assert.Equal(0, board.HeldMilli(0));
        Assert.Equal(HoldResult.Held, board.TryHold(2, 0b11, 0));
    }

    [Fact]
    public void The_same_allocation_holds_only_once()
    {
        var board = new DeviceBoard(2);
        board.TryHold(1, 0b01, 300);
        Assert.Equal(HoldResult.AlreadyHeld, board.TryHold(1, 0b01, 300));
        Assert.Equal(300, board.HeldMilli(0));
    }

    [Fact]
    public void A_task_without_devices_holds_none()
    {
        var board = new DeviceBoard(1);
        board.TryHold(1, 1, 0);
        Assert.Equal(HoldResult.Held, board.TryHold(2, 0, 0));
        Assert.Equal(2, board.Count);
        Assert.True(board.Release(2));
        Assert.Equal(1000, board.HeldMilli(0));
    }

    [Theory]
    [InlineData(0b100u, 0)]
    [InlineData(0b011u, 500)]
    [InlineData(0u, 500)]
    [InlineData(1u, -1)]
    [InlineData(1u, 1001)]
    [InlineData(uint.MaxValue, 0)]
    public void What_the_node_does_not_have_is_refused(uint mask, int shareMilli)
    {
        var board = new DeviceBoard(2);
        Assert.Equal(HoldResult.Invalid, board.TryHold(1, mask, shareMilli));
        Assert.Equal(0, board.Count);
    }

    [Fact]
    public void No_sequence_of_holds_and_releases_exceeds_a_device()
    {
        var random = new Random(17);
        var board = new DeviceBoard(Limits.DevicesPerNodeMax);
        Dictionary<long, (uint Mask, int Milli)> expected = [];
        var results = new Dictionary<HoldResult, int>();
        for (var step = 0; step < 20_000; step++)
        {
            long sequence = random.Next(1, 60);
            if (random.Next(3) == 0)
            {
                Assert.Equal(expected.Remove(sequence), board.Release(sequence));
            }
            else
            {
                var shared = random.Next(2) == 0;
                var mask = shared ? 1u << random.Next(16) : (uint)random.Next(1 << 16);
                var milli = shared ? random.Next(1, 1001) : 0;
                var result = board.TryHold(sequence, mask, milli);
                results[result] = results.GetValueOrDefault(result) + 1;
                if (result == HoldResult.Held) expected.Add(sequence, (mask, shared ? milli : 1000));
            }

            for (var device = 0; device < 16; device++)
            {
                var held = expected.Values.Where(h => (h.Mask >> device & 1) != 0).Sum(h => h.Milli);
                Assert.Equal(held, board.HeldMilli(device));
                Assert.InRange(held, 0, 1000);
            }
        }

        Assert.True(results.GetValueOrDefault(HoldResult.Held) > 100, "too few holds to prove anything");
        Assert.True(results.GetValueOrDefault(HoldResult.Overlap) > 100, "too few overlaps to prove anything");
    }
}
