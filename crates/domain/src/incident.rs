//! An incident's life: what kind it is, the phase it is in, how it is closed and reopened.

use crate::words::words;

words! {
    /// What kind of incident; it picks the plan's procedure.
    pub enum IncidentType, "incident type" {
        Malware: "malware", "Malware";
        UnauthorisedAccess: "unauthorised_access", "Unauthorised access";
        DataBreach: "data_breach", "Data breach";
        DenialOfService: "denial_of_service", "Denial of service";
        Phishing: "phishing", "Phishing";
        Insider: "insider", "Insider";
        LostDevice: "lost_device", "Lost or stolen device";
        Ransomware: "ransomware", "Ransomware";
        SupplyChain: "supply_chain", "Supply chain";
        Other: "other", "Other";
    }
}

words! {
    /// Where the response stands. The order is the way forward.
    pub enum Phase, "phase" {
        Detection: "detection", "Detection";
        Assessment: "assessment", "Assessment";
        Containment: "containment", "Containment";
        Eradication: "eradication", "Eradication";
        Recovery: "recovery", "Recovery";
        Closed: "closed", "Closed";
    }
}
