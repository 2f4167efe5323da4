namespace Stockpile.Protocol;

/// <summary>Crosses a process or a journal: must stand in <see cref="Serialization.WireTypes"/>.</summary>
public interface IWireMessage;

/// <summary>Goes to the cell it names; sharding routes by it.</summary>
public interface ICellMessage : IWireMessage
{
    string Cell { get; }
}

/// <summary>Goes to the key desk it names; sharding routes by it.</summary>
public interface IDeskMessage : IWireMessage
{
    string Desk { get; }
}
